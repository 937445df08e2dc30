"""The workflow calls what people call, and nothing that only it knows."""

import os
import re
from typing import Any

import pytest
import yaml
from deploy.bootstrap import ROOT
from deploy.stack.services import SERVICES


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    text = (ROOT / ".github/workflows/ci.yml").read_text()
    found: dict[str, Any] = yaml.safe_load(text)["jobs"]
    return found


def commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_what_is_run_in_ci_is_what_make_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert re.search(r"^exec make test\b", script.read_text(), re.MULTILINE)
    assert os.access(script, os.X_OK)


def test_lint_types_tests_and_images_are_checked(jobs: dict[str, Any]) -> None:
    assert commands(jobs["check"]) == ["make check"]
    assert commands(jobs["test"]) == [".ci/run"]
    assert commands(jobs["test-as-root"])[-1] == ".ci/run"
    assert commands(jobs["compose"])[0] == "make up"
    assert commands(jobs["compose"])[-2:] == ["make production-check", "make upgrade-check"]


@pytest.mark.check(68)
def test_what_is_checked_are_packages_code_and_history(jobs: dict[str, Any]) -> None:
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    steps = text.partition("\ncheck:")[2].partition("\n\n")[0]
    [code] = re.findall(r" -m bandit (.*)$", steps, re.MULTILINE)
    assert {"--severity-level", "medium", "libs", "services", "gateway", "deploy"} <= {
        *code.split()
    }
    for audit in ("deploy.package_audit", "deploy.secret_scan"):
        assert re.search(rf" -m {audit}$", steps, re.MULTILINE)
    [checkout] = [step for step in jobs["check"]["steps"] if "uses" in step]
    assert checkout["with"]["fetch-depth"] == 0  # the whole history


def test_an_image_of_every_service_is_built(jobs: dict[str, Any]) -> None:
    matrix = jobs["image"]["strategy"]["matrix"]["service"]
    assert matrix == [service.name for service in SERVICES]


def test_every_job_ends_some_time_and_may_only_read(jobs: dict[str, Any]) -> None:
    assert [name for name, job in jobs.items() if "timeout-minutes" not in job] == []
    text = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    assert text["permissions"] == {"contents": "read"}


def test_actions_are_pinned_by_hash_and_leave_no_credentials_behind(jobs: dict[str, Any]) -> None:
    used = [step for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert len(used) == len(jobs)
    for step in used:
        assert re.fullmatch(r"[a-z-]+/[a-z-]+@[0-9a-f]{40}", step["uses"])
        assert step["with"]["persist-credentials"] is False
    text = (ROOT / ".github/workflows/ci.yml").read_text()
    assert len(re.findall(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", text, re.MULTILINE)) == len(used)


def test_make_lists_every_command_of_its_own() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    explained = set(re.findall(r"^([a-z][a-z-]*):.* ## ", text, re.MULTILINE))
    assert targets - explained == {"runtime-ready", "tools-ready"}
    assert re.search(r"^\.DEFAULT_GOAL := help$", text, re.MULTILINE)
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].replace("\\", " ").split()) == targets
