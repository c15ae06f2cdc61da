//! Whom a token speaks for: its company, or the platform.

use crate::provider::{families, good};
use crate::{ACME, OLD, PLATFORM, STAFF, WITHOUT_KEYS, platform, settings, signed, with};
use axum::http::Method;
use serde_json::{Value, json};
use tests::{Reply, Verv};

const CODES: &str = "/api/v1/referral-codes";
const USER: &str = "/gafapay/v3/reward_promotion/user_referral_code";

fn claims(verv: &Verv, role: &str, change: Value) -> Value {
    let exp = verv.now().timestamp() + 3_600;
    with(&json!({"sub": "1001", "roles": [role], "exp": exp}), change)
}

async fn make(verv: &Verv, token: &str, mentor: &str, org: &str) -> Reply {
    let pair = json!({"mentor_id": mentor, "org_id": org});
    verv.call_as(&format!("Bearer {token}"), Method::POST, CODES, Some(pair))
        .await
}

async fn list(verv: &Verv, token: &str) -> Reply {
    verv.call_as(&format!("Bearer {token}"), Method::GET, CODES, None)
        .await
}

async fn user(verv: &Verv, token: &str, company: &str) -> Reply {
    let authorization = format!("Token {token}");
    let headers = [("companyid", company), ("authorization", &*authorization)];
    verv.call(Method::GET, &format!("{USER}?user_id=1001"), &headers, None)
        .await
}

/// Issue 12, case 1: a token of `*` that named no company reached those with keys of their own.
#[tokio::test]
async fn a_token_that_names_no_company_reaches_none() {
    let verv = platform().await;
    let owner = signed(
        &claims(&verv, "ROLE_CUSTOMER", json!({"org_id": ACME})),
        OLD,
    );
    let code = make(&verv, &owner, "1001", ACME).await.expect(201);
    for role in ["ROLE_CUSTOMER", "ROLE_MENTOR", "ROLE_ORG"] {
        let token = signed(&claims(&verv, role, json!({})), PLATFORM);
        for reply in [
            list(&verv, &token).await,
            make(&verv, &token, "1001", ACME).await,
            make(&verv, &token, "1001", WITHOUT_KEYS).await,
        ] {
            assert_eq!(reply.status, 401, "{role}: {}", reply.text);
        }
        let path = format!("{CODES}/{}", code.string("/id"));
        let bearer = format!("Bearer {token}");
        let gone = verv.call_as(&bearer, Method::DELETE, &path, None).await;
        assert_eq!(gone.status, 401, "{role}: {}", gone.text);
    }
    assert_eq!(
        list(&verv, &owner).await.json()["data"][0]["status"],
        "active"
    );
}

/// Where the header names the company, its own key must have signed, if it has one.
#[tokio::test]
async fn the_header_names_the_company_of_a_customer() {
    let verv = platform().await;
    for org in [ACME, WITHOUT_KEYS] {
        let key = if org == ACME { OLD } else { PLATFORM };
        let owner = signed(
            &claims(&verv, "ROLE_CUSTOMER", json!({ "org_id": org })),
            key,
        );
        make(&verv, &owner, "1001", org).await.expect(201);
    }
    let customer = claims(&verv, "ROLE_CUSTOMER", json!({}));
    let staff = claims(&verv, "ROLE_ORG", json!({}));
    for (name, token, company, status) in [
        ("own key", signed(&customer, OLD), ACME, 200),
        ("not its own", signed(&customer, PLATFORM), ACME, 401),
        (
            "of those without",
            signed(&customer, PLATFORM),
            WITHOUT_KEYS,
            200,
        ),
        ("another's", signed(&customer, OLD), WITHOUT_KEYS, 401),
        ("staff that names none", signed(&staff, OLD), ACME, 401),
        (
            "the platform's",
            signed(&customer, STAFF),
            WITHOUT_KEYS,
            401,
        ),
    ] {
        let reply = user(&verv, &token, company).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text);
    }
}

/// Issue 12, case 2: whoever held `*` signed administrators.
#[tokio::test]
async fn only_the_platforms_key_makes_an_administrator() {
    let verv = platform().await;
    let admin = |change: Value, key: &str| signed(&claims(&verv, "ROLE_ADMIN", change), key);
    for org in [Value::Null, json!(ACME), json!(WITHOUT_KEYS)] {
        for key in [OLD, PLATFORM] {
            let token = admin(json!({ "org_id": org }), key);
            for company in [ACME, WITHOUT_KEYS] {
                let made = make(&verv, &token, "1001", company).await;
                assert_eq!(made.status, 401, "{org} {company}: {}", made.text);
                assert_eq!(user(&verv, &token, company).await.status, 401, "{org}");
            }
        }
    }
    let token = admin(json!({}), STAFF);
    for company in [ACME, WITHOUT_KEYS] {
        make(&verv, &token, "1001", company).await.expect(201);
        user(&verv, &token, company).await.expect(200);
    }
    assert_eq!(list(&verv, &token).await.json()["pagination"]["total"], 2);
}

/// Issue 12, case 2: an administrator whose token names a company is its staff.
#[tokio::test]
async fn an_administrator_with_a_company_is_its_staff() {
    let verv = platform().await;
    let everyones = signed(&claims(&verv, "ROLE_ADMIN", json!({})), STAFF);
    for company in [ACME, WITHOUT_KEYS] {
        make(&verv, &everyones, "1001", company).await.expect(201);
    }
    let token = signed(&claims(&verv, "ROLE_ADMIN", json!({"org_id": ACME})), STAFF);
    assert_eq!(list(&verv, &token).await.json()["pagination"]["total"], 1);
    make(&verv, &token, "1002", ACME).await.expect(201);
    make(&verv, &token, "1002", WITHOUT_KEYS).await.expect(403);
    user(&verv, &token, ACME).await.expect(200);
    user(&verv, &token, WITHOUT_KEYS).await.expect(401);
}

/// The name of the staff's keys is an id that a company may have.
#[tokio::test]
async fn a_company_called_platform_is_a_company() {
    let verv = platform().await;
    let org = json!({"org_id": "platform"});
    let by_staff_key = signed(&claims(&verv, "ROLE_ORG", org.clone()), STAFF);
    make(&verv, &by_staff_key, "1001", "platform")
        .await
        .expect(401);
    let customer = signed(&claims(&verv, "ROLE_CUSTOMER", json!({})), STAFF);
    assert_eq!(user(&verv, &customer, "platform").await.status, 401);
    let own = signed(&claims(&verv, "ROLE_ORG", org), PLATFORM);
    make(&verv, &own, "1001", "platform").await.expect(201);
    assert_eq!(list(&verv, &own).await.json()["pagination"]["total"], 1);
}

#[tokio::test]
async fn a_provider_speaks_for_companies_without_keys() {
    let verv = platform().await;
    let now = verv.now().timestamp();
    for (n, family) in families().iter().enumerate() {
        let mentor = format!("usr_{n}");
        let kid = family.kid;
        let staff = family.signed(&good(now));
        let made = make(&verv, &staff, &mentor, WITHOUT_KEYS).await;
        assert_eq!(made.status, 201, "{kid}: {}", made.text);
        let access = json!({"typ": "at+jwt", "alg": family.algorithm, "kid": kid});
        let token = family.headed(access, &good(now));
        assert_eq!(list(&verv, &token).await.status, 200, "{kid}");
        let anyones = json!({"sub": "1001", "roles": ["ROLE_CUSTOMER"], "org_id": null});
        let customer = family.signed(&with(&good(now), anyones));
        assert_eq!(
            user(&verv, &customer, WITHOUT_KEYS).await.status,
            404,
            "{kid}"
        );
        assert_eq!(user(&verv, &customer, ACME).await.status, 401, "{kid}");
    }
}

#[tokio::test]
async fn a_provider_alone_is_enough() {
    let mut variables = settings();
    variables.retain(|(name, _)| *name != "TOKEN_KEYS");
    // There, nobody has the keys of local runs.
    variables.push(("AWS_LAMBDA_FUNCTION_NAME", "codes".to_owned()));
    variables.push(("TABLE_NAME", "verv".to_owned()));
    variables.push(("JOIN_BASE_URL", "https://app.org.no/join".to_owned()));
    let borrowed: Vec<_> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let verv = Verv::with_settings(&borrowed).await;
    let now = verv.now().timestamp();
    assert!(verv.settings.tokens.keys.is_empty());
    let staff = families()[0].signed(&good(now));
    make(&verv, &staff, "usr_1", WITHOUT_KEYS).await.expect(201);
}

/// Auth0 lets nobody choose `roles` and `org_id`; Cognito has names of its own.
#[tokio::test]
async fn a_provider_may_have_other_names_for_claims() {
    const ROLES: &str = "https://verv.example/roles";
    let mut variables = settings();
    variables.extend([
        ("TOKEN_ROLES_CLAIM", ROLES.to_owned()),
        ("TOKEN_ORG_CLAIM", "custom:org".to_owned()),
    ]);
    let borrowed: Vec<_> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let verv = Verv::with_settings(&borrowed).await;
    let now = verv.now().timestamp();
    let theirs =
        json!({"roles": null, "org_id": null, ROLES: ["ROLE_ORG"], "custom:org": WITHOUT_KEYS});
    let theirs = with(&good(now), theirs);
    for (name, change, status) in [
        ("their names", json!({}), 200),
        (
            "beside other meanings",
            json!({"roles": "admin", "org_id": ACME}),
            200,
        ),
        ("no roles", json!({ROLES: null, "roles": ["ROLE_ORG"]}), 401),
        (
            "no company",
            json!({"custom:org": null, "org_id": WITHOUT_KEYS}),
            401,
        ),
        ("of a company with keys", json!({"custom:org": ACME}), 401),
        ("an administrator", json!({ROLES: ["ROLE_ADMIN"]}), 401),
        ("roles of another shape", json!({ROLES: "ROLE_ORG"}), 401),
    ] {
        let token = families()[0].signed(&with(&theirs, change));
        let reply = list(&verv, &token).await;
        assert_eq!(reply.status, status, "{name}: {}", reply.text);
    }
    // Whoever has a secret signs with our names.
    let own = claims(&verv, "ROLE_ORG", json!({"org_id": ACME}));
    assert_eq!(list(&verv, &signed(&own, OLD)).await.status, 200);
    assert_eq!(list(&verv, &signed(&theirs, PLATFORM)).await.status, 401);
}

#[tokio::test]
async fn issuer_audience_and_lifetime_are_as_set() {
    let mut variables = settings();
    variables.extend([
        ("TOKEN_ISSUER", "https://id.example/realms/verv".to_owned()),
        ("TOKEN_AUDIENCE", "verv".to_owned()),
        ("TOKEN_LIFETIME_HOURS", "2".to_owned()),
    ]);
    let borrowed: Vec<_> = variables.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let verv = Verv::with_settings(&borrowed).await;
    let now = verv.now().timestamp();
    for (name, change, status) in [
        ("as it is", json!({}), 200),
        ("one audience", json!({"aud": "verv"}), 200),
        ("no issuer", json!({"iss": null}), 401),
        (
            "another issuer",
            json!({"iss": "https://id.example/realms/other"}),
            401,
        ),
        (
            "an issuer that goes on",
            json!({"iss": "https://id.example/realms/verv/"}),
            401,
        ),
        ("no audience", json!({"aud": null}), 401),
        ("another audience", json!({"aud": "web"}), 401),
        ("others", json!({"aud": ["web", "vervet"]}), 401),
        ("no others", json!({"aud": []}), 401),
        (
            "an audience that is none",
            json!({"aud": {"verv": true}}),
            401,
        ),
        ("two hours", json!({"exp": now + 7_200}), 200),
        ("longer", json!({"exp": now + 7_201}), 401),
        (
            "longer since it was issued",
            json!({"exp": now + 60, "iat": now - 7_141}),
            401,
        ),
    ] {
        let claims = with(&good(now), change);
        for token in [families()[1].signed(&claims), signed(&claims, PLATFORM)] {
            let reply = list(&verv, &token).await;
            assert_eq!(reply.status, status, "{name}: {}", reply.text);
        }
    }
    // What the command issues has them.
    let issued = tests::tokens::bearer(&verv, "x", &["ROLE_ORG"], Some(WITHOUT_KEYS));
    let seen = verv.call_as(&issued, Method::GET, CODES, None).await;
    assert_eq!(seen.status, 200, "{}", seen.text);
}
