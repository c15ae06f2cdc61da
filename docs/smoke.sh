#!/usr/bin/env bash
# Whether a deployment works: `bash docs/smoke.sh https://api.example.org`, with bash and curl alone.
#
# It makes a code, follows its short link, confirms a click, reads the counts, and deletes what
# it has made. What stays is the code's string, which is never issued again.
#
# TOKEN  a token or an API key of staff, where the API requires one
# ORG    the organisation that it works in (default `smoke`); an API key's own
set -uo pipefail

[ $# -eq 1 ] || { echo "usage: bash docs/smoke.sh URL" >&2; exit 2; }
base="${1%/}"
org="${ORG:-smoke}"
run="$(date +%s)-$RANDOM$RANDOM"
mentor="smoke-mentor-$run"
codes="$base/api/v1/referral-codes"
records="$base/api/v1/referral-code-records"
attributions="$base/api/v1/referral-attributions"
reward="$base/gafapay/v3/reward_promotion"

work="$(mktemp -d)"
made=()
# A file, so that no list of processes shows the token.
(umask 077 && printf '%s' "${TOKEN:+Authorization: Bearer $TOKEN}" >"$work/token")
credentials="$work/token"

# call METHOD URL [CURL-ARGUMENT…]: the answer is in $status, $work/body and $work/headers.
call() {
    local method="$1" url="$2"
    shift 2
    local shape=(-X "$method")
    [ "$method" != HEAD ] || shape=(--head)
    : >"$work/body"
    status="$(curl -sS --max-time 20 "${shape[@]}" -o "$work/body" -D "$work/headers" \
        -w '%{http_code}' -H "@$credentials" "$@" "$url" 2>"$work/error")" ||
        fail "$method $url: $(cat "$work/error")"
}
# json METHOD URL BODY [CURL-ARGUMENT…]
json() {
    local method="$1" url="$2" body="$3"
    shift 3
    call "$method" "$url" -H 'Content-Type: application/json' -d "$body" "$@"
}

fail() {
    echo "FAILED  $1" >&2
    exit 1
}
# answered WHAT STATUS [TEXT]: the last answer has the status, and holds the text.
answered() {
    [ "$status" = "$2" ] || fail "$1: $status instead of $2: $(head -c 300 "$work/body")"
    [ $# -lt 3 ] || grep -qF -- "$3" "$work/body" "$work/headers" ||
        fail "$1: no $3 in: $(head -c 300 "$work/body")"
    echo "ok      $1"
}
# field NAME: the string of that name in the last answer.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/body" | head -n 1; }

cleaned() {
    local failed=$? url
    trap - EXIT
    credentials="$work/token"
    for url in ${made[@]+"${made[@]}"}; do
        call DELETE "$url"
        [ "$status" = 200 ] || { echo "LEFT    $url ($status)" >&2; failed=1; }
    done
    rm -rf "$work"
    [ "$failed" -ne 0 ] || echo "all of it works, and what it made is deleted"
    exit "$failed"
}
trap cleaned EXIT

pair="{\"mentor_id\":\"$mentor\",\"org_id\":\"$org\",\"prefix\":\"SMOKE\"}"
json POST "$codes" "$pair"
[ "$status" != 401 ] || fail "the API requires a token: TOKEN=… bash docs/smoke.sh $base"
answered "a code is made" 201 '"status":"active"'
id="$(field id)"
code="$(field code)"
made=("$records/$id")
json POST "$codes" "$pair"
answered "and found again" 200 "\"id\":\"$id\""

call GET "$records/$id"
answered "by its id" 200 "\"code\":\"$code\""
typed="$(tr 'A-Z-' 'a-z_' <<<"$code")"
call GET "$records/lookup?code=$typed"
answered "by its string as people type it" 200 "\"id\":\"$id\""
call GET "$records/active?mentor_id=$mentor&org_id=$org"
answered "by its owner" 200 "\"id\":\"$id\""
json POST "$reward/validate_referral_code" "{\"referral_code\":\"$code\",\"user_type\":2}" \
    -H "companyid: $org"
answered "it is valid for a payment" 200 '"success":1'

browser='Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
call HEAD "$base/r/$code" -A "$browser"
answered "its short link leads on" 302 "ref=$code"
call GET "$base/r/$code" -A "$browser"
answered "a visit is recorded" 302 'click=attr_'
click="$(sed -n 's/.*click=\(attr_[0-9a-f]*\).*/\1/p' "$work/headers" | head -n 1)"
made=("$attributions/$click" "${made[@]}")
call HEAD "$base/r/$code/" -A "$browser"
answered "so does the link with a slash at its end" 302 "ref=$code"

key="smoke-$run"
json POST "$attributions" "{\"code\":\"$code\"}" -H "Idempotency-Key: $key"
answered "a click is recorded" 201 '"type":"click"'
again="$(field id)"
made=("$attributions/$again" "${made[@]}")
json POST "$attributions" "{\"code\":\"$code\"}" -H "Idempotency-Key: $key"
answered "a repetition records no other" 201 "\"id\":\"$again\""

member="smoke-member-$run"
confirmation="{\"code\":\"$code\",\"new_member_id\":\"$member\"}"
json PUT "$attributions/$click" "$confirmation"
answered "the visit becomes a member" 200 '"status":"confirmed"'
json PUT "$attributions/$again" "$confirmation"
answered "who counts once" 409 "$click"

# An index follows its table within a moment.
for _ in 1 2 3 4 5 6 7 8 9 10; do
    call GET "$attributions/mentor/$mentor/total?org_id=$org"
    ! grep -q '"total_clicks":2,"total_conversions":1' "$work/body" || break
    sleep 1
done
answered "the counts are exact" 200 '"total_clicks":2,"total_conversions":1'
call GET "$attributions?mentor_id=$mentor&org_id=$org&status=confirmed" -H 'Accept: text/csv'
answered "the list is there as CSV" 200 "$member"

call GET "$records/rc_00000000000070008000000000000000"
answered "what does not exist is a problem that says so" 404 'application/problem+json'
credentials=/dev/null
call GET "$codes?org_id=$org&limit=1"
case "$status" in
401) echo "ok      without a token there is nothing to read" ;;
200) echo "note    API_ACCESS is public: whoever reaches this API reads and changes what it holds" ;;
*) fail "a list without a token: $status" ;;
esac
