"""What commands name that are not run: each must exist. A check returns what does not."""

import re
import subprocess
import tomllib
from functools import cache

import botocore.session
import yaml
from blocks import ROOT
from botocore import xform_name

# Of the AWS CLI itself, for every operation.
GLOBAL_AWS = {"query", "output", "region", "profile", "cli-binary-format"}
# Commands of the AWS CLI that are no operation of a service.
CUSTOM_AWS = {("cloudformation", "deploy"): {"stack-name", "template-file", "parameter-overrides", "capabilities"}}
CONTAINERS = {"build", "run"}


def options(arguments):
    """The names of the long options."""
    return [argument[2:].split("=")[0] for argument in arguments if re.match(r"--[a-z]", argument)]


def value(arguments, *names):
    """What follows one of the options, if it is there."""
    for name, following in zip(arguments, arguments[1:]):
        if name in names:
            return following
    return None


def files(*paths):
    return [f"no file {path}" for path in paths if path and not (ROOT / path).exists()]


@cache
def template(path="template.yaml"):
    class Loader(yaml.SafeLoader):
        """CloudFormation's tags do not matter here."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: suffix)
    return yaml.load((ROOT / path).read_text(encoding="utf-8"), Loader)


def overrides(arguments, path="template.yaml"):
    """Parameters after `--parameter-overrides` that the template does not have."""
    if "--parameter-overrides" not in arguments:
        return []
    given = arguments[arguments.index("--parameter-overrides") + 1 :]
    names = [re.match(r"(\w+)=", argument) for argument in given]
    names = [name[1] for name in names if name]
    known = template(path)["Parameters"]
    if not names:
        return ["no parameter after --parameter-overrides"]
    return [f"no parameter {name}" for name in names if name not in known]


@cache
def sam_options(command):
    shown = subprocess.run(["sam", *command, "--help"], capture_output=True, text=True, check=False)
    return None if shown.returncode else set(re.findall(r"--([a-z][\w-]*)", shown.stdout))


def sam(arguments):
    command = tuple(arguments[: 2 if arguments[0] == "local" else 1])
    known = sam_options(command)
    if known is None:
        return [f"no command {' '.join(command)}"]
    rest = arguments[len(command) :]
    wrong = [f"no option --{name}" for name in options(rest) if name not in known]
    environment = value(rest, "--config-env")
    with (ROOT / "samconfig.toml").open("rb") as file:
        if environment and environment not in tomllib.load(file):
            wrong.append(f"no environment {environment}")
    if rest and not rest[0].startswith("-") and rest[0] not in template()["Resources"]:
        wrong.append(f"no resource {rest[0]}")
    return wrong + overrides(rest) + files(value(rest, "--event"))


def aws(arguments):
    service, operation, *rest = arguments
    if custom := CUSTOM_AWS.get((service, operation)):
        path = value(rest, "--template-file")
        wrong = overrides(rest, path) if path else ["no --template-file"]
        return wrong + [f"no option --{name}" for name in options(rest) if name not in custom | GLOBAL_AWS]
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return [f"no service {service}"]
    model = session.get_service_model(service)
    if operation == "wait":
        waiters = session.get_component("data_loader").load_service_model(service, "waiters-2")["waiters"]
        named = {xform_name(name, "-"): waiter["operation"] for name, waiter in waiters.items()}
        operation, *rest = rest
        if operation not in named:
            return [f"no waiter {operation}"]
        operation = xform_name(named[operation], "-")
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in operations:
        return [f"no operation {service} {operation}"]
    members = model.operation_model(operations[operation]).input_shape.members
    known = {xform_name(name, "-") for name in members} | GLOBAL_AWS
    return [f"no option --{name}" for name in options(rest) if name not in known]


def cargo(arguments):
    command, *rest = arguments
    own = rest[: rest.index("--")] if "--" in rest else rest
    wrong = []
    if command not in {"build", "run", "test", "clippy", "doc", "fetch", "lambda", "insta", "fmt"}:
        wrong.append(f"no command {command}")
    package = value(own, "-p", "--package")
    manifests = [ROOT / path for path in ("local", "tests", "bench", *(f"shared/{it}" for it in ("domain", "store", "web")))]
    manifests += sorted((ROOT / "functions").iterdir())
    if package and package not in {path.name for path in manifests}:
        wrong.append(f"no package {package}")
    test = value(own, "--test")
    if test and not any((ROOT / "tests/tests" / name).exists() for name in (f"{test}.rs", test)):
        wrong.append(f"no test {test}")
    profile = value(own, "--profile")
    with (ROOT / "Cargo.toml").open("rb") as file:
        if profile and profile not in tomllib.load(file)["profile"]:
            wrong.append(f"no profile {profile}")
    return wrong + files(value(own, "--env-file"), value(own, "--data-file"))


def of_local(program, arguments):
    """What `local` is called with: subcommands and options that it has."""
    command = arguments[:1] if arguments and not arguments[0].startswith("-") else []
    shown = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=False)
    if shown.returncode:
        return [f"local has no command {command}"]
    known = set(re.findall(r"--([a-z][\w-]*)", shown.stdout))
    return [f"local has no option --{name}" for name in options(arguments) if name not in known]


def check(program, name, arguments):
    """What the command `name` with `arguments` names and is not there; `program` is `local`."""
    if name == "cargo":
        wrong = cargo(arguments)
        if value(arguments, "-p") == "local" and arguments[0] == "run":
            own = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
            wrong += of_local(program, own)
        return wrong
    if name in {"sam", "aws"}:
        return {"sam": sam, "aws": aws}[name](arguments)
    if name == "bash":
        return files(arguments[0])
    if name in {"docker", "podman"}:
        wrong = [] if arguments[0] in CONTAINERS else [f"no command {arguments[0]}"]
        return wrong + (files("Containerfile") if arguments[0] == "build" else [])
    if name in {"git", "curl"}:
        return []
    return [f"nobody knows {name}"]


def placeholders(text):
    """Functions between angle brackets that the template does not have."""
    named = re.findall(r"<(\w+Function)>", text)
    return [f"no function {name}" for name in named if name not in template()["Resources"]]

