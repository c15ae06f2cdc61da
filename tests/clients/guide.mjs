// What the programs of docs/integrating.md do; `.ci/requests` puts them before this.

const { default: assert } = await import("node:assert/strict");
const code = process.env.CODE;
const click = "attr_" + "0".repeat(32);

const cookie = (query) => referralCookie(new URLSearchParams(query));
assert.match(cookie({ ref: code, click }), new RegExp(`^referral=${code}[.]${click}; Path=/; `));
assert.match(cookie({ ref: code, click: "no;id" }), new RegExp(`^referral=${code}[.]; Path=/; `));
assert.equal(cookie({ ref: "a; Domain=evil" }), undefined);
assert.equal(cookie({}), undefined);

// A click that does not exist, then the code; and again after a lost answer.
assert.equal(await report({ member: "usr_7001", click, code }), true);
assert.equal(await report({ member: "usr_7001", click, code }), true);
const found = await fetch(`${process.env.API}/api/v1/referral-conversions?new_member_id=usr_7001`, {
    headers: { authorization: `Bearer ${process.env.KEY}` },
});
const { data } = await found.json();
assert.deepEqual(data.map((recruitment) => recruitment.source), ["typed"]);

// A refusal ends it, and a key that is not valid does not.
assert.equal(await report({ member: "usr_4491", code }), true);
process.env.KEY = "vrv_test_none";
assert.equal(await report({ member: "usr_7002", code }), false);
console.log("ok      the programs of docs/integrating.md");
