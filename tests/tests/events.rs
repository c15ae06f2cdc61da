//! Every sample event in `events/` takes the way it takes on Lambda: through lambda_http's
//! own conversion into the router. And every route has an event.

use lambda_http::request::RequestContext;
use std::collections::BTreeSet;
use tests::Verv;
use tests::answers::answers;
use tests::samples::http_events;

#[tokio::test]
async fn code_records_answer_their_events() {
    insta::assert_snapshot!(answers("code-records-").await, @r#"
    code-records-list: 200
      {"data":[{"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","status":"active","created_at":"2026-01-10T09:00:00Z","deactivated_at":null}],"pagination":{"page":1,"limit":20,"total":1}}
    code-records-list-month: 200
      id,mentor_id,org_id,code,status,created_at,deactivated_at
    rc_019ba72246807000800000000000aa03,usr_4491,org_002,JAN-VERV-8F3A,active,2026-01-10T09:00:00Z,

    code-records-create: 201 /api/v1/referral-code-records/rc_…
      {"id":"rc_…","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","status":"active","created_at":"2026-03-26T12:00:00Z","deactivated_at":null}
    code-records-active: 200
      {"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","status":"active","created_at":"2026-01-10T09:00:00Z","deactivated_at":null}
    code-records-lookup: 200
      {"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","status":"active","created_at":"2026-01-10T09:00:00Z","deactivated_at":null}
    code-records-get: 200
      {"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","status":"active","created_at":"2026-01-10T09:00:00Z","deactivated_at":null}
    code-records-deactivate: 200
      {"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","status":"inactive","created_at":"2026-01-10T09:00:00Z","deactivated_at":"2026-03-26T12:00:00Z"}
    code-records-delete: 200
      {"id":"rc_019ba72246807000800000000000aa03","deleted":true,"deleted_at":"2026-03-26T12:00:00Z"}
    "#);
}

#[tokio::test]
async fn codes_answer_their_events() {
    insta::assert_snapshot!(answers("codes-").await, @r#"
    codes-list: 200
      {"data":[{"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","url":"https://app.org.no/join?ref=JAN-VERV-8F3A","status":"active","created_at":"2026-01-10T09:00:00Z","expires_at":null}],"pagination":{"page":1,"limit":20,"total":1}}
    codes-get-or-create: 200
      {"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","url":"https://app.org.no/join?ref=JAN-VERV-8F3A","status":"active","created_at":"2026-01-10T09:00:00Z","expires_at":null}
    codes-get: 200
      {"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","url":"https://app.org.no/join?ref=JAN-VERV-8F3A","status":"active","created_at":"2026-01-10T09:00:00Z","expires_at":null}
    codes-rotate: 200
      {"id":"rc_…","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-…","url":"https://app.org.no/join?ref=JAN-VERV-…","status":"active","previous_code":"JAN-VERV-8F3A","rotated_at":"2026-03-26T12:00:00Z","created_at":"2026-03-26T12:00:00Z","expires_at":null}
    codes-change: 200
      {"id":"rc_019ba72246807000800000000000aa03","mentor_id":"usr_4491","org_id":"org_002","code":"JAN-VERV-8F3A","url":"https://app.org.no/join?ref=JAN-VERV-8F3A","status":"active","created_at":"2026-01-10T09:00:00Z","expires_at":"2026-12-31T23:59:59Z"}
    codes-invalidate: 200
      {"id":"rc_019ba72246807000800000000000aa03","status":"invalidated","invalidated_at":"2026-03-26T12:00:00Z"}
    codes-terms: 200
      {"id":"rc_019ba72246807000800000000000aa03","code":"JAN-VERV-8F3A","status":"active","terms":{"expires_at":{"value":null,"source":"default"},"max_referrals":{"value":null,"source":"default"},"referral_program_id":{"value":null,"source":"default"},"user_type":{"value":2,"source":"default"},"eligible_user_types":{"value":[2],"source":"default"}},"confirmed_referrals":0,"limit_reached":false}
    codes-url: 200
      {"code":"JAN-VERV-8F3A","url":"https://app.org.no/join?ref=JAN-VERV-8F3A","short_url":"https://org.no/r/JAN-VERV-8F3A","generated_at":"2026-03-26T12:00:00Z"}
    codes-qr: 200
      image/svg+xml
    codes-stats: 200
      {"id":"rc_019ba72246807000800000000000aa03","code":"JAN-VERV-8F3A","total_clicks":1,"total_conversions":0,"conversion_rate":0.0,"period":"all_time"}
    "#);
}

#[tokio::test]
async fn attributions_answer_their_events() {
    insta::assert_snapshot!(answers("attributions-").await, @r#"
    attributions-list: 200
      {"data":[{"id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","type":"click","status":"pending","new_member_id":null,"ip_address":"185.12.34.56","user_agent":null,"referrer_url":"https://instagram.com","occurred_at":"2026-03-20T14:22:00Z","created_at":"2026-03-20T14:22:01Z"}],"pagination":{"page":1,"limit":20,"total":1}}
    attributions-list-month: 200
      {"data":[{"id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","type":"click","status":"pending","new_member_id":null,"ip_address":"185.12.34.56","user_agent":null,"referrer_url":"https://instagram.com","occurred_at":"2026-03-20T14:22:00Z","created_at":"2026-03-20T14:22:01Z"}],"pagination":{"page":1,"limit":20,"total":1}}
    attributions-record-click: 201 /api/v1/referral-attributions/attr_…
      {"id":"attr_…","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","type":"click","status":"pending","new_member_id":null,"ip_address":"185.12.34.56","user_agent":"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)","referrer_url":"https://instagram.com","occurred_at":"2026-03-26T12:00:00Z","created_at":"2026-03-26T12:00:00Z"}
    attributions-leaderboard: 200
      {"org_id":"org_002","period":"all_time","as_of":null,"data":[]}
    attributions-total: 200
      {"org_id":"org_002","total_clicks":0,"total_conversions":0,"conversion_rate":0.0,"period":"previous_month"}
    attributions-timeseries: 200
      {"org_id":"org_002","period":"7d","data":[{"date":"2026-03-20","clicks":1,"conversions":0},{"date":"2026-03-21","clicks":0,"conversions":0},{"date":"2026-03-22","clicks":0,"conversions":0},{"date":"2026-03-23","clicks":0,"conversions":0},{"date":"2026-03-24","clicks":0,"conversions":0},{"date":"2026-03-25","clicks":0,"conversions":0},{"date":"2026-03-26","clicks":0,"conversions":0}]}
    attributions-get: 200
      {"id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","type":"click","status":"pending","new_member_id":null,"ip_address":"185.12.34.56","user_agent":null,"referrer_url":"https://instagram.com","occurred_at":"2026-03-20T14:22:00Z","created_at":"2026-03-20T14:22:01Z"}
    attributions-confirm: 200
      {"id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","type":"conversion","status":"confirmed","new_member_id":"usr_5892","confirmed_at":"2026-03-25T10:00:00Z","created_at":"2026-03-20T14:22:01Z"}
    attributions-delete: 200
      {"id":"attr_019d0b9fe3287000800000000000bb05","deleted":true,"deleted_at":"2026-03-26T12:00:00Z"}
    attributions-mentor: 200
      {"data":[{"id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","type":"click","status":"pending","new_member_id":null,"occurred_at":"2026-03-20T14:22:00Z"}],"pagination":{"page":1,"limit":20,"total":1}}
    attributions-mentor-total: 200
      {"mentor_id":"usr_4491","total_clicks":1,"total_conversions":0,"conversion_rate":0.0,"period":"30d"}
    attributions-mentor-timeseries: 200
      {"mentor_id":"usr_4491","period":"7d","data":[{"date":"2026-03-20","clicks":1,"conversions":0},{"date":"2026-03-21","clicks":0,"conversions":0},{"date":"2026-03-22","clicks":0,"conversions":0},{"date":"2026-03-23","clicks":0,"conversions":0},{"date":"2026-03-24","clicks":0,"conversions":0},{"date":"2026-03-25","clicks":0,"conversions":0},{"date":"2026-03-26","clicks":0,"conversions":0}]}
    "#);
}

#[tokio::test]
async fn programs_answer_their_events() {
    insta::assert_snapshot!(answers("programs-").await, @r#"
    programs-list: 200
      {"data":[{"id":"prg_019d2a5c000070008000000000000003","org_id":"org_002","name":"Spring 2026","currency_id":"NOK","eligible_user_types":[2,3],"max_referrals_per_code":10,"attribution_window_days":30,"code_ttl_days":90,"starts_at":"2026-03-01T00:00:00Z","ends_at":"2026-07-01T00:00:00Z","status":"active","created_at":"2026-03-26T13:36:05Z","archived_at":null}],"pagination":{"page":1,"limit":20,"total":1}}
    programs-create: 201 /api/v1/referral-programs/prg_…
      {"id":"prg_…","org_id":"org_002","name":"Spring 2026","currency_id":"NOK","eligible_user_types":[2,3],"max_referrals_per_code":10,"attribution_window_days":30,"code_ttl_days":90,"starts_at":"2026-03-01T00:00:00Z","ends_at":"2026-07-01T00:00:00Z","status":"active","created_at":"2026-03-26T12:00:00Z","archived_at":null}
    programs-show: 200
      {"id":"prg_019d2a5c000070008000000000000003","org_id":"org_002","name":"Spring 2026","currency_id":"NOK","eligible_user_types":[2,3],"max_referrals_per_code":10,"attribution_window_days":30,"code_ttl_days":90,"starts_at":"2026-03-01T00:00:00Z","ends_at":"2026-07-01T00:00:00Z","status":"active","created_at":"2026-03-26T13:36:05Z","archived_at":null}
    programs-update: 200
      {"id":"prg_019d2a5c000070008000000000000003","org_id":"org_002","name":"Summer 2026","currency_id":"NOK","eligible_user_types":[2,3],"max_referrals_per_code":10,"attribution_window_days":30,"code_ttl_days":90,"starts_at":"2026-03-01T00:00:00Z","ends_at":"2026-09-01T00:00:00Z","status":"active","created_at":"2026-03-26T13:36:05Z","archived_at":null}
    programs-delete: 200
      {"id":"prg_019d2a5c000070008000000000000003","deleted":true,"deleted_at":"2026-03-26T12:00:00Z"}
    "#);
}

#[tokio::test]
async fn api_keys_answer_their_events() {
    insta::assert_snapshot!(answers("api-keys-").await, @r#"
    api-keys-list: 200
      {"data":[{"id":"key_019d2a5c000070008000000000000003","org_id":"org_002","name":"Sign-up server","scopes":["codes:read","clicks:write"],"status":"active","created_at":"2026-03-26T13:36:05Z","expires_at":null,"revoked_at":null,"last_used_on":null}],"pagination":{"page":1,"limit":20,"total":1}}
    api-keys-create: 201 /api/v1/api-keys/key_…
      {"key":"vrv_test_…","id":"key_…","org_id":"org_002","name":"Sign-up server","scopes":["codes:read","clicks:write","conversions:write"],"status":"active","created_at":"2026-03-26T12:00:00Z","expires_at":"2027-03-26T00:00:00Z","revoked_at":null,"last_used_on":null}
    api-keys-show: 200
      {"id":"key_019d2a5c000070008000000000000003","org_id":"org_002","name":"Sign-up server","scopes":["codes:read","clicks:write"],"status":"active","created_at":"2026-03-26T13:36:05Z","expires_at":null,"revoked_at":null,"last_used_on":null}
    api-keys-revoke: 200
      {"id":"key_019d2a5c000070008000000000000003","org_id":"org_002","name":"Sign-up server","scopes":["codes:read","clicks:write"],"status":"revoked","created_at":"2026-03-26T13:36:05Z","expires_at":null,"revoked_at":"2026-03-26T12:00:00Z","last_used_on":null}
    "#);
}

#[tokio::test]
async fn webhook_registry_answers_its_events() {
    insta::assert_snapshot!(answers("webhook-registry-").await, @r#"
    webhook-registry-list: 200
      {"data":[{"id":"whk_019d2a5c000070008000000000000003","org_id":"org_002","url":"https://hooks.example.org/verv","events":["attribution.confirmed"],"status":"enabled","disabled_reason":null,"disabled_at":null,"failing_since":null,"created_at":"2026-03-26T13:36:05Z"}],"pagination":{"page":1,"limit":20,"total":1}}
    webhook-registry-create: 201 /api/v1/webhooks/whk_…
      {"secret":"whsec_…","id":"whk_…","org_id":"org_002","url":"https://hooks.example.org/verv","events":["attribution.confirmed","limit.reached"],"status":"enabled","disabled_reason":null,"disabled_at":null,"failing_since":null,"created_at":"2026-03-26T12:00:00Z"}
    webhook-registry-show: 200
      {"id":"whk_019d2a5c000070008000000000000003","org_id":"org_002","url":"https://hooks.example.org/verv","events":["attribution.confirmed"],"status":"enabled","disabled_reason":null,"disabled_at":null,"failing_since":null,"created_at":"2026-03-26T13:36:05Z"}
    webhook-registry-update: 200
      {"id":"whk_019d2a5c000070008000000000000003","org_id":"org_002","url":"https://hooks.example.org/verv","events":["*"],"status":"enabled","disabled_reason":null,"disabled_at":null,"failing_since":null,"created_at":"2026-03-26T13:36:05Z"}
    webhook-registry-delete: 200
      {"id":"whk_019d2a5c000070008000000000000003","deleted":true,"deleted_at":"2026-03-26T12:00:00Z"}
    webhook-registry-rotate: 200
      {"secret":"whsec_…","id":"whk_019d2a5c000070008000000000000003","org_id":"org_002","url":"https://hooks.example.org/verv","events":["attribution.confirmed"],"status":"enabled","disabled_reason":null,"disabled_at":null,"failing_since":null,"created_at":"2026-03-26T13:36:05Z"}
    webhook-registry-test: 202 /api/v1/webhooks/whk_019d2a5c000070008000000000000003/deliveries
      {"event_id":"evt_…","webhook_id":"whk_019d2a5c000070008000000000000003","type":"webhook.test","status":"pending","created_at":"2026-03-26T12:00:00Z","due_at":"2026-03-26T12:00:00Z","attempts":[]}
    webhook-registry-deliveries: 200
      {"data":[{"event_id":"evt_…","webhook_id":"whk_019d2a5c000070008000000000000003","type":"webhook.test","status":"failed","created_at":"2026-03-26T13:35:56Z","due_at":null,"attempts":[{"at":"2026-03-26T12:00:00Z","status":500,"error":null,"duration_ms":12}]}],"pagination":{"page":1,"limit":20,"total":1}}
    webhook-registry-replay: 202 /api/v1/webhooks/whk_019d2a5c000070008000000000000003/deliveries
      {"event_id":"evt_…","webhook_id":"whk_019d2a5c000070008000000000000003","type":"webhook.test","status":"pending","created_at":"2026-03-26T13:35:56Z","due_at":"2026-03-26T12:00:00Z","attempts":[]}
    "#);
}

#[tokio::test]
async fn reward_promotion_answers_its_events() {
    insta::assert_snapshot!(answers("reward-promotion-").await, @r#"
    reward-promotion-user-referral-code: 200
      {"success":1,"error":[],"data":{"referral_user":{"id":"rc_019ba72246807000800000000000aa03","user_type":2,"user_id":"fb8f09210e0f46b7b4262d77f5b6c273","referral_code":"C273551489XA","referral_program_id":null,"max_referral_limit_reach":false}}}
    reward-promotion-user-referral-code-by-code: 200
      {"success":1,"error":[],"data":{"referral_user":{"id":"rc_019ba72246807000800000000000aa03","user_type":2,"user_id":"fb8f09210e0f46b7b4262d77f5b6c273","referral_code":"C273551489XA","referral_program_id":null,"max_referral_limit_reach":false}}}
    reward-promotion-validate-referral-code: 200
      {"success":1,"error":[],"data":{"message":"Reward promotion referal code validate"}}
    "#);
}

#[tokio::test]
async fn conversions_answer_their_events() {
    insta::assert_snapshot!(answers("conversions-").await, @r#"
    conversions-list: 200
      {"data":[{"id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","org_id":"org_002","type":"conversion","status":"confirmed","source":"click","new_member_id":"usr_5892","confirmed_at":"2026-03-26T12:00:00Z","created_at":"2026-03-20T14:22:01Z"}],"pagination":{"page":1,"limit":20,"total":1}}
    conversions-of-member: 200
      {"data":[{"id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","org_id":"org_002","type":"conversion","status":"confirmed","source":"click","new_member_id":"usr_5892","confirmed_at":"2026-03-26T12:00:00Z","created_at":"2026-03-20T14:22:01Z"}],"pagination":{"page":1,"limit":20,"total":1}}
    conversions-by-code: 201 /api/v1/referral-attributions/attr_…
      {"id":"attr_…","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","org_id":"org_002","type":"conversion","status":"confirmed","source":"typed","new_member_id":"usr_5892","confirmed_at":"2026-03-25T10:00:00Z","created_at":"2026-03-26T12:00:00Z"}
    conversions-of-click: 201 /api/v1/referral-attributions/attr_019d0b9fe3287000800000000000bb05
      {"id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","org_id":"org_002","type":"conversion","status":"confirmed","source":"click","new_member_id":"usr_5892","confirmed_at":"2026-03-25T10:00:00Z","created_at":"2026-03-20T14:22:01Z"}
    "#);
}

#[tokio::test]
async fn short_links_answer_their_events() {
    insta::assert_snapshot!(answers("short-links-").await, @r"
    short-links-follow: 302 https://app.org.no/join?ref=JAN-VERV-8F3A&click=attr_…
    short-links-follow-slashed: 302 https://app.org.no/join?ref=JAN-VERV-8F3A&click=attr_…
    short-links-head: 302 https://app.org.no/join?ref=JAN-VERV-8F3A
    short-links-head-slashed: 302 https://app.org.no/join?ref=JAN-VERV-8F3A
    short-links-share: 200
      text/html; charset=utf-8
    short-links-share-qr: 200
      image/png
    ");
}

#[tokio::test]
async fn the_console_answers_its_events() {
    insta::assert_snapshot!(answers("console-").await, @r"
    console-home: 200
      text/html; charset=utf-8
    console-app: 200
      text/html; charset=utf-8
    console-docs: 200
      text/html; charset=utf-8
    console-document: 200
      application/yaml
    console-asset: 200
      text/javascript; charset=utf-8
    ");
}

#[tokio::test]
async fn privacy_answers_its_events() {
    insta::assert_snapshot!(answers("privacy-").await, @r#"
    privacy-export-member: 200
      {"data":[{"kind":"attribution","id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","org_id":"org_002","ip_address":"185.12.34.56","user_agent":null,"referrer_url":"https://instagram.com","occurred_at":"2026-03-20T14:22:00Z","new_member_id":"usr_5892","confirmed_at":"2026-03-26T12:00:00Z"},{"kind":"guard","attribution_id":"attr_019d0b9fe3287000800000000000bb05"}],"counts":{"codes":0,"attributions":1,"changes":0,"guards":1,"kept_answers":0,"statistics":0}}
    privacy-erase-member: 200
      {"id":"erased_…","org_id":"org_002","status":"done","erased":{"codes":0,"attributions":1,"changes":0,"guards":1,"kept_answers":0,"statistics":0},"continues_at":null}
    privacy-export-mentor: 200
      {"data":[{"kind":"code","id":"rc_019ba72246807000800000000000aa03","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","org_id":"org_002","created_at":"2026-01-10T09:00:00Z","deactivated_at":null,"is_deleted":false},{"kind":"attribution","id":"attr_019d0b9fe3287000800000000000bb05","code":"JAN-VERV-8F3A","mentor_id":"usr_4491","org_id":"org_002","ip_address":"185.12.34.56","user_agent":null,"referrer_url":"https://instagram.com","occurred_at":"2026-03-20T14:22:00Z","new_member_id":null,"confirmed_at":null}],"counts":{"codes":1,"attributions":1,"changes":0,"guards":0,"kept_answers":0,"statistics":0}}
    privacy-erase-mentor: 202 /api/v1/privacy/erasures/erased_…
      {"id":"erased_…","org_id":"org_002","status":"under_way","erased":{"codes":0,"attributions":0,"changes":0,"guards":0,"kept_answers":0,"statistics":0},"continues_at":"2026-03-26T12:00:20Z"}
    privacy-erasure: 404
      {"type":"urn:verv:problem:not_found","title":"Not Found","status":404,"detail":"There is no record with this id.","code":"not_found"}
    "#);
}

#[test]
fn every_route_has_an_event_that_takes_it() {
    let events = http_events();
    let mut taken = BTreeSet::new();
    for (name, event) in &events {
        let context = &event["requestContext"];
        let key = event["routeKey"].as_str().expect("a key");
        let (method, route) = key.split_once(' ').expect("a method and a path");
        assert_eq!(event["version"], "2.0", "{name}");
        assert_eq!(context["routeKey"], key, "{name}");
        assert_eq!(context["stage"], "$default", "{name}");
        assert_eq!(context["http"]["method"], method, "{name}");
        assert_eq!(context["http"]["path"], event["rawPath"], "{name}");
        let path = event["rawPath"].as_str().expect("a path");
        assert!(takes(route, path), "{name}");
        taken.insert(key.to_owned());
    }
    // API Gateway has a route of its own for HEAD, and for a path with a slash at its end.
    for own in ["HEAD /r/{code}", "GET /r/{code+}", "HEAD /r/{code+}"] {
        assert!(taken.remove(own), "{own}");
    }
    let routes = local::routes();
    let declared = routes.declarations().iter();
    let declared: BTreeSet<_> = declared
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(taken, declared);
}

/// Whether `path` is one of the paths that `pattern` matches.
fn takes(pattern: &str, path: &str) -> bool {
    if let Some(start) = pattern.strip_suffix("{code+}") {
        return path
            .strip_prefix(start)
            .is_some_and(|rest| !rest.is_empty());
    }
    let fits = |(wanted, given): (&str, &str)| wanted.starts_with('{') || wanted == given;
    pattern.split('/').count() == path.split('/').count()
        && pattern.split('/').zip(path.split('/')).all(fits)
}

/// The whole table of routes, as the router and the access matrix read it.
#[test]
fn routes_are_declared_with_their_access() {
    insta::assert_snapshot!(local::routes().table(), @r"
    GET    /api/v1/referral-code-records                                ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    POST   /api/v1/referral-code-records                                ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:write
    GET    /api/v1/referral-code-records/active                         ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    GET    /api/v1/referral-code-records/lookup                         ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    GET    /api/v1/referral-code-records/{id}                           ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    PUT    /api/v1/referral-code-records/{id}                           ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:write
    DELETE /api/v1/referral-code-records/{id}                           ROLE_ADMIN ROLE_ORG codes:write
    GET    /api/v1/referral-codes                                       ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    POST   /api/v1/referral-codes                                       ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:write
    GET    /api/v1/referral-codes/{id}                                  ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    PUT    /api/v1/referral-codes/{id}                                  ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:write
    PATCH  /api/v1/referral-codes/{id}                                  ROLE_ADMIN ROLE_ORG codes:write
    DELETE /api/v1/referral-codes/{id}                                  ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:write
    GET    /api/v1/referral-codes/{id}/terms                            ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    GET    /api/v1/referral-codes/{id}/url                              ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    GET    /api/v1/referral-codes/{id}/qr                               ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER codes:read
    GET    /api/v1/referral-codes/{id}/stats                            ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER stats:read
    GET    /api/v1/referral-attributions                                ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER attributions:read
    POST   /api/v1/referral-attributions                                open clicks:write
    GET    /api/v1/referral-attributions/leaderboard                    ROLE_ADMIN ROLE_ORG stats:read
    GET    /api/v1/referral-attributions/total                          ROLE_ADMIN ROLE_ORG stats:read
    GET    /api/v1/referral-attributions/timeseries                     ROLE_ADMIN ROLE_ORG stats:read
    GET    /api/v1/referral-attributions/{id}                           ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER attributions:read
    PUT    /api/v1/referral-attributions/{id}                           ROLE_ADMIN ROLE_ORG conversions:write
    DELETE /api/v1/referral-attributions/{id}                           ROLE_ADMIN ROLE_ORG conversions:write
    GET    /api/v1/referral-attributions/mentor/{mentor_id}             ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER attributions:read
    GET    /api/v1/referral-attributions/mentor/{mentor_id}/total       ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER stats:read
    GET    /api/v1/referral-attributions/mentor/{mentor_id}/timeseries  ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER stats:read
    GET    /api/v1/referral-conversions                                 ROLE_ADMIN ROLE_ORG ROLE_MENTOR ROLE_CUSTOMER attributions:read
    POST   /api/v1/referral-conversions                                 ROLE_ADMIN ROLE_ORG conversions:write
    GET    /api/v1/events                                               ROLE_ADMIN ROLE_ORG events:read
    GET    /api/v1/api-keys                                             always ROLE_ADMIN ROLE_ORG
    POST   /api/v1/api-keys                                             always ROLE_ADMIN ROLE_ORG
    GET    /api/v1/api-keys/{id}                                        always ROLE_ADMIN ROLE_ORG
    DELETE /api/v1/api-keys/{id}                                        always ROLE_ADMIN ROLE_ORG
    GET    /api/v1/webhooks                                             always ROLE_ADMIN ROLE_ORG webhooks:read
    POST   /api/v1/webhooks                                             always ROLE_ADMIN ROLE_ORG webhooks:write
    GET    /api/v1/webhooks/{id}                                        always ROLE_ADMIN ROLE_ORG webhooks:read
    PATCH  /api/v1/webhooks/{id}                                        always ROLE_ADMIN ROLE_ORG webhooks:write
    DELETE /api/v1/webhooks/{id}                                        always ROLE_ADMIN ROLE_ORG webhooks:write
    POST   /api/v1/webhooks/{id}/secret                                 always ROLE_ADMIN ROLE_ORG webhooks:write
    POST   /api/v1/webhooks/{id}/test                                   always ROLE_ADMIN ROLE_ORG webhooks:write
    GET    /api/v1/webhooks/{id}/deliveries                             always ROLE_ADMIN ROLE_ORG webhooks:read
    POST   /api/v1/webhooks/{id}/deliveries/{event_id}/replay           always ROLE_ADMIN ROLE_ORG webhooks:write
    GET    /api/v1/referral-programs                                    ROLE_ADMIN ROLE_ORG programs:read
    POST   /api/v1/referral-programs                                    ROLE_ADMIN ROLE_ORG programs:write
    GET    /api/v1/referral-programs/{id}                               ROLE_ADMIN ROLE_ORG programs:read
    PUT    /api/v1/referral-programs/{id}                               ROLE_ADMIN ROLE_ORG programs:write
    DELETE /api/v1/referral-programs/{id}                               ROLE_ADMIN ROLE_ORG programs:write
    GET    /api/v1/privacy/members/{id}                                 always ROLE_ADMIN ROLE_ORG
    DELETE /api/v1/privacy/members/{id}                                 always ROLE_ADMIN ROLE_ORG
    GET    /api/v1/privacy/mentors/{id}                                 always ROLE_ADMIN ROLE_ORG
    DELETE /api/v1/privacy/mentors/{id}                                 always ROLE_ADMIN ROLE_ORG
    GET    /api/v1/privacy/erasures/{id}                                always ROLE_ADMIN ROLE_ORG
    GET    /gafapay/v3/reward_promotion/user_referral_code              tenant codes:read
    POST   /gafapay/v3/reward_promotion/validate_referral_code          open codes:read
    GET    /r/{code}                                                    open
    GET    /s/{code}                                                    open
    GET    /s/{code}/qr                                                 open
    GET    /                                                            open
    GET    /console                                                     open
    GET    /docs                                                        open
    GET    /openapi.yaml                                                open
    GET    /assets/{version}/{file}                                     open
    ");
}

#[tokio::test]
async fn a_declared_route_is_served_with_its_methods_and_no_other() {
    let verv = Verv::start().await;
    let routes = local::routes();
    for route in routes.declarations() {
        let path = route.path.replace(['{', '}'], "");
        let refused = verv
            .call("TRACE".parse().expect("a method"), &path, &[], None)
            .await
            .expect(405);
        let allowed: BTreeSet<_> = refused.header("allow").split(',').map(str::trim).collect();
        let of_path = routes.declarations().iter();
        let of_path = of_path.filter(|other| other.path == route.path);
        let mut declared: BTreeSet<_> = of_path.map(|other| other.method.as_str()).collect();
        if declared.contains("GET") {
            declared.insert("HEAD");
        }
        assert_eq!(allowed, declared, "{}", route.path);
    }
}

#[test]
fn events_reach_a_handler_with_their_request_context() {
    for (name, event) in http_events() {
        let request = lambda_http::request::from_str(&event.to_string()).expect("an event");
        assert!(
            matches!(
                request.extensions().get::<RequestContext>(),
                Some(RequestContext::ApiGatewayV2(_))
            ),
            "{name}"
        );
    }
}
