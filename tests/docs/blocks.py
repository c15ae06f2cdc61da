"""The blocks of commands in the documents, and how each of them is run."""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "bench/README.md"]
FENCE = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LANGUAGES = ("sh", "console")


@dataclass
class Block:
    """Commands of a document, and the block that follows them at once: what they print."""

    file: str
    language: str
    text: str
    answer: str = ""

    @property
    def name(self):
        """How the plan calls it: by its first line."""
        return (self.file, self.text.split("\n", 1)[0].strip())


def blocks():
    """Every block of commands, in the order of the documents."""
    found = []
    for path in [*FILES, *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        fences = list(FENCE.finditer(text))
        for fence, after in zip(fences, [*fences[1:], None]):
            if fence[2] not in LANGUAGES:
                continue
            block = Block(str(path.relative_to(ROOT)), fence[2], fence[3])
            if after and not text[fence.end() : after.start()].strip():
                block.answer = after[3] if after[2] not in LANGUAGES else ""
            found.append(block)
    return found


@dataclass
class Run:
    """Against `local`, by whatever stands in `by`; the text is changed first, and prints `prints`."""

    access: str = "token"
    replace: dict = field(default_factory=dict)
    prints: str = ""


@dataclass
class Elsewhere:
    """By a step of `.ci/run`."""

    step: str


class Checked:
    """Not: it takes AWS, a container, another database or a long build. Its commands are checked for
    what they name: subcommands, options, parameters, functions, packages, files."""


README = "README.md"
GUIDE = "docs/integrating.md"
DEPLOYING = "docs/deploying.md"
ENGINES = "docs/other-engines.md"

PLAN = {
    (README, "cargo run -p local          # the platform on http://127.0.0.1:3000, its DynamoDB on :8000"): Checked(),
    (README, "curl -s http://127.0.0.1:3000/api/v1/referral-codes -H 'content-type: application/json' \\"): Run("public"),
    (README, "curl -si http://127.0.0.1:3000/r/JAN-VERV-ZCGR"): Run("public"),
    (README, "curl -s -X PUT http://127.0.0.1:3000/api/v1/referral-attributions/attr_01a1fc2e83477b708ffddcb705ff0406 \\"): Run("public"),
    (README, "curl -s http://127.0.0.1:3000/api/v1/referral-attributions/mentor/usr_4491/total"): Run("public"),
    (README, "curl -s http://127.0.0.1:3000/gafapay/v3/reward_promotion/validate_referral_code \\"): Run("public"),
    (README, "sam build --config-env dev && sam deploy --config-env dev --guided"): Checked(),
    ("CONTRIBUTING.md", "cargo run -p local -- --in-memory --demo    # the platform on http://127.0.0.1:3000"): Checked(),
    ("CONTRIBUTING.md", "cargo test -p domain                                   # one crate"): Checked(),
    ("CONTRIBUTING.md", "cargo insta test --accept -p tests --test events   # writes the new text into the source"): Checked(),
    ("bench/README.md", "cargo run --profile measure -p bench -- fold-one-org"): Checked(),
    (DEPLOYING, "python3 -m venv target/venv && . target/venv/bin/activate"): Elsewhere("tools"),
    (DEPLOYING, """new_keys() { printf '{"*":["%s"],"platform":["%s"]}' "$(openssl rand -base64 48)" "$(openssl rand -base64 48)"; }"""): Checked(),
    (DEPLOYING, "sam validate --lint"): Checked(),
    (DEPLOYING, "aws cloudformation deploy --region us-east-1 --stack-name verv-budget \\"): Checked(),
    (DEPLOYING, 'curl -s "$API_URL/api/v1/referral-codes"'): Run("public"),
    (DEPLOYING, 'TOKEN="$TOKEN" ORG=org_smoke bash docs/smoke.sh "$API_URL"'): Elsewhere("clients"),
    (DEPLOYING, "git checkout <new version>"): Checked(),
    (DEPLOYING, "git checkout <version before>"): Checked(),
    (DEPLOYING, "aws lambda list-versions-by-function --function-name <function> --query 'Versions[-3:].Version'"): Checked(),
    (DEPLOYING, "sam deploy --config-env prod --parameter-overrides WarmReads=12000 WarmWrites=8000"): Checked(),
    (DEPLOYING, "cargo run -p local -- --in-memory &        # DynamoDB on 127.0.0.1:8000"): Checked(),
    (DEPLOYING, "cargo run -p local -- --in-memory --dynamodb-host 172.17.0.1 &"): Checked(),
    (DEPLOYING, "cargo run -p local -- --in-memory &"): Checked(),
    (DEPLOYING, "aws secretsmanager put-secret-value --secret-id verv/settings \\"): Checked(),
    (DEPLOYING, "sam deploy --config-env prod --parameter-overrides \\"): Checked(),
    (DEPLOYING, 'TOKEN_KEYS="$(aws secretsmanager get-secret-value --secret-id verv/token-keys \\'): Checked(),
    (DEPLOYING, 'JWKS="$(curl -fsS https://cognito-idp.eu-north-1.amazonaws.com/<pool>/.well-known/jwks.json |'): Checked(),
    (DEPLOYING, 'curl -s "$API_URL/api/v1/api-keys" -H "authorization: Bearer $TOKEN" \\'): Run(),
    (DEPLOYING, "aws secretsmanager put-secret-value --secret-id verv/token-keys \\"): Checked(),
    (DEPLOYING, "sam deploy --config-env prod --parameter-overrides TokenKeysVersion=<VersionId>"): Checked(),
    (DEPLOYING, "sam deploy --config-env prod --parameter-overrides TokenKeysVersion=<VersionId> Rollout=AllAtOnce"): Checked(),
    (DEPLOYING, "curl -s -o /dev/null -w '%{http_code}\\n' -H \"authorization: Bearer $OLD_TOKEN\" \\"): Run(prints="401\n"),
    (DEPLOYING, "aws dynamodb wait table-exists --table-name verv-restored"): Checked(),
    (DEPLOYING, "aws lambda invoke --function-name <StatsAggregatorFunction> --cli-binary-format raw-in-base64-out \\"): Checked(),
    (DEPLOYING, 'AUDIT_KEY="$(aws secretsmanager get-secret-value --secret-id verv/settings \\'): Checked(),
    (DEPLOYING, "aws secretsmanager create-secret --name verv/settings --query ARN --output text \\"): Checked(),
    ("docs/events.md", 'curl -H "authorization: Bearer $KEY" "$API/api/v1/events?org_id=org_002&limit=100"'): Run(replace={"evt_…": "$CURSOR"}),
    (GUIDE, "cargo run -p local          # and in a second terminal:"): Checked(),
    (GUIDE, 'npx @hey-api/openapi-ts -i "$API/openapi.yaml" -o verv -c @hey-api/client-fetch'): Elsewhere("generated clients"),
    (ENGINES, "AWS_ENDPOINT_URL_DYNAMODB=https://dynamodb.eu-north-1.amazonaws.com AWS_REGION=eu-north-1 \\"): Checked(),
    (ENGINES, "docker run --rm -p 127.0.0.1:8000:8000 amazon/dynamodb-local"): Checked(),
    (ENGINES, 'AWS_ENDPOINT_URL_DYNAMODB=https://127.0.0.1:8000 AWS_CA_BUNDLE="$HOME/.extenddb/tls/cert.pem" \\'): Checked(),
    (ENGINES, "pip install --require-hashes -r .ci/requirements.txt"): Elsewhere("another engine"),
    (ENGINES, "podman build -t verv ."): Checked(),
    ("docs/moving.md", "cargo run -p local -- export --org org_002 --to org_002.jsonl"): Elsewhere("requests"),
    ("docs/moving.md", "export AWS_ENDPOINT_URL_DYNAMODB=https://dynamodb.eu-north-1.amazonaws.com"): Checked(),
    ("docs/privacy.md", 'curl -H "authorization: Bearer $TOKEN" "$API/api/v1/privacy/members/usr_5892?org_id=org_002"'): Run(),
    ("docs/webhooks.md", 'curl -s "$API/api/v1/webhooks" -H "authorization: Bearer $KEY" -H \'content-type: application/json\' \\'): Run(),
    ("docs/terms.md", 'curl -s "$API_URL/api/v1/referral-codes/$ID/terms"'): Run("public"),
}


def way(block):
    """How the block is run; None where nobody has said."""
    # .ci/requests runs all of them, as one script.
    if block.file == GUIDE and block.language == "sh":
        return Elsewhere("requests")
    return PLAN.get(block.name)
