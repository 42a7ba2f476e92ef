"""Runtime configuration: read at first use, kept for a time, and never worse than the last good value."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ConnectTimeoutError
from hypothesis import given
from hypothesis import strategies as st
from shared.configuration import Configuration, from_environment, parameters_under
from shared.setting import encode

from .fakes import SETTINGS, Clock, Context, Lines, Parameters, refusal, settings


class Operator:
    """Parameter Store as an operator changes it, read through a configuration that keeps values for 30 seconds."""

    def __init__(self, **values: str) -> None:
        self.store, self.clock, self.lines = Parameters(**values), Clock(), Lines()
        self.configuration = Configuration(
            SETTINGS,
            lambda: parameters_under(self.store, "/tap/dev/config"),
            self.lines.log(),
            namespace="tap/configuration",
            cache_seconds=30,
            clock=self.clock,
        )

    def page_limit(self) -> int:
        return self.configuration.number("page-limit")

    def later(self, seconds: float, **values: str) -> None:
        self.clock.now += seconds
        self.store.values = {name.replace("_", "-"): value for name, value in values.items()}


def test_all_pages_below_the_path_are_read_by_relative_name() -> None:
    store = Parameters(**{f"setting-{number}": str(number) for number in range(5)})
    assert parameters_under(store, "/tap/dev/config") == {f"setting-{number}": str(number) for number in range(5)}
    assert len(store.called("get_parameters_by_path")) == 3


def test_nothing_is_read_before_the_first_use() -> None:
    operator = Operator()
    assert operator.store.calls == []


def test_a_value_is_read_once_within_the_cache_time() -> None:
    operator = Operator(**{"page-limit": "20"})
    first = operator.page_limit()
    operator.later(29.9, page_limit="30")
    assert (first, operator.page_limit()) == (20, 20)
    assert len(operator.store.calls) == 1


def test_a_changed_value_is_seen_after_the_cache_time() -> None:
    operator = Operator(**{"page-limit": "20"})
    operator.page_limit()
    operator.later(30, page_limit="30")
    assert operator.page_limit() == 30


def test_a_value_that_is_not_there_is_the_default() -> None:
    assert Operator().page_limit() == 50


def test_a_value_that_was_removed_is_the_default_again() -> None:
    operator = Operator(**{"page-limit": "20"})
    operator.page_limit()
    operator.later(30)
    assert operator.page_limit() == 50


@pytest.mark.parametrize("text", ["many", "", "1.5", "0", "1001", "-1", "1_0", "٣", "1e2", "9" * 5000, "0x10"])
def test_a_bad_number_leaves_the_last_good_one_in_force(text: str) -> None:
    operator = Operator(**{"page-limit": "20"})
    operator.page_limit()
    operator.later(30, page_limit=text)
    assert operator.page_limit() == 20
    assert operator.lines.counted("BadValues") == 1


def test_a_number_that_was_bad_from_the_start_is_the_default() -> None:
    assert Operator(**{"page-limit": "many"}).page_limit() == 50


def test_a_bad_value_is_counted_once_and_not_at_every_use() -> None:
    operator = Operator(**{"page-limit": "many"})
    for _ in range(3):
        operator.page_limit()
        operator.later(30, page_limit="many")
    assert operator.lines.counted("BadValues") == 1


def test_a_value_that_turns_bad_again_is_counted_again() -> None:
    operator = Operator(**{"page-limit": "many"})
    for text in ("20", "many"):
        operator.page_limit()
        operator.later(30, page_limit=text)
    assert operator.page_limit() == 20
    assert operator.lines.counted("BadValues") == 2


def test_a_bad_value_is_named_but_not_repeated_in_the_log() -> None:
    operator = Operator(**{"page-limit": "pa55word"})
    operator.page_limit()
    assert "page-limit" in operator.lines.texts[0]
    assert "pa55word" not in operator.lines.texts[0]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(lambda: refusal("ThrottlingException"), id="throttled"),
        pytest.param(lambda: refusal("AccessDeniedException"), id="denied"),
        pytest.param(lambda: ConnectTimeoutError(endpoint_url="there"), id="not reached"),
    ],
)
def test_a_service_that_cannot_be_read_leaves_the_last_values_in_force_and_is_counted(error: Callable[[], Exception]) -> None:
    operator = Operator(**{"page-limit": "20"})
    operator.page_limit()
    operator.store.failing = {"get_parameters_by_path": [error()]}
    operator.later(30, page_limit="30")
    assert operator.page_limit() == 20
    assert operator.lines.counted("FailedReads") == 1


def test_a_service_that_is_away_from_the_start_gives_defaults() -> None:
    operator = Operator(**{"page-limit": "20"})
    operator.store.failing = {"get_parameters_by_path": [refusal("InternalServerError")]}
    assert operator.page_limit() == 50


def test_a_service_in_trouble_is_asked_again_only_after_the_cache_time() -> None:
    operator = Operator(**{"page-limit": "20"})
    operator.store.failing = {"get_parameters_by_path": [refusal("InternalServerError")]}
    operator.page_limit()
    operator.page_limit()
    calls_in_trouble = len(operator.store.calls)
    operator.later(30, page_limit="20")
    assert (calls_in_trouble, operator.page_limit()) == (1, 20)


def test_a_page_that_cannot_be_read_throws_away_no_value_of_before() -> None:
    operator = Operator(**{"accept-writes": "off", "colour": "blue", "page-limit": "20"})
    operator.page_limit()
    operator.later(30, accept_writes="on", colour="red", page_limit="30")
    operator.store.failing = {"get_parameters_by_path": [None, refusal("ThrottlingException")]}
    configuration = operator.configuration
    assert (configuration.switch("accept-writes"), configuration.text("colour"), operator.page_limit()) == (False, "blue", 20)


def test_a_mistake_in_our_own_code_is_not_taken_for_a_service_in_trouble() -> None:
    def read() -> dict[str, str]:
        raise KeyError("Parameters")

    configuration = Configuration(SETTINGS, read, Lines().log(), namespace="n", cache_seconds=1, clock=Clock())
    with pytest.raises(KeyError):
        configuration.text("colour")


@pytest.mark.parametrize(("text", "value"), [("on", True), ("true", True), ("ON", True), (" on ", True), ("off", False), ("False", False)])
def test_a_switch_is_on_or_off(text: str, value: bool) -> None:
    assert settings(accept_writes=text).switch("accept-writes") is value


@pytest.mark.parametrize("text", ["yes", "1", "", "offf"])
def test_another_word_for_a_switch_is_refused(text: str) -> None:
    lines = Lines()
    assert settings(lines, accept_writes=text).switch("accept-writes") is True
    assert lines.counted("BadValues") == 1


def test_a_text_outside_of_what_is_allowed_is_refused() -> None:
    lines = Lines()
    configuration = settings(lines, colour="mauve")
    assert configuration.text("colour") == "red"
    assert lines.counted("BadValues") == 1


def test_a_list_is_its_items_in_their_order() -> None:
    assert settings(regions=" north,south ,  west").items("regions") == ("north", "south", "west")
    assert settings().items("regions") == ("east", "west")


@pytest.mark.parametrize("text", [",", "north,", "North", "north,so uth", ""])
def test_a_list_with_one_bad_item_is_refused_whole(text: str) -> None:
    lines = Lines()
    assert settings(lines, regions=text).items("regions") == ("east", "west")
    assert lines.counted("BadValues") == 1


def test_a_secret_is_what_was_set_or_nothing() -> None:
    assert settings(key="hush").secret("key") == "hush"
    assert settings().secret("key") is None


def test_what_was_good_before_a_value_was_removed_does_not_come_back() -> None:
    operator = Operator(**{"page-limit": "20"})
    operator.page_limit()
    operator.later(30)
    operator.page_limit()
    operator.later(30, page_limit="many")
    assert operator.page_limit() == 50


@pytest.mark.parametrize("ask", [lambda found: found.text("page-limit"), lambda found: found.number("page-limits")], ids=["type", "name"])
def test_code_that_asks_for_what_the_model_does_not_have_is_told(ask: Callable[[Configuration], object]) -> None:
    with pytest.raises(LookupError, match="page-limit"):
        ask(settings())


def test_the_log_level_that_operators_set_is_in_force_for_the_invocation() -> None:
    lines = Lines()
    log = settings(lines, log_level="ERROR").begin(lines.log().of(Context()))
    log.warn("not heard")
    log.error("heard")
    assert [line["message"] for line in lines.objects] == ["heard"]


def test_a_level_that_does_not_exist_leaves_the_default() -> None:
    lines = Lines()
    assert settings(lines, log_level="LOUD").begin(lines.log("WARN")).level == "INFO"
    assert lines.counted("BadValues") == 1


def test_where_the_model_has_no_level_the_function_keeps_its_own() -> None:
    lines = Lines()
    configuration = Configuration({}, dict, lines.log(), namespace="n", cache_seconds=1, clock=Clock())
    assert configuration.begin(lines.log("WARN")).level == "WARN"


def test_warnings_within_an_invocation_name_its_request() -> None:
    lines = Lines()
    configuration = settings(lines, page_limit="many")
    configuration.begin(lines.log().of(Context(aws_request_id="request-9")))
    configuration.number("page-limit")
    assert lines.objects[0]["request_id"] == "request-9"


def test_the_environment_variables_say_where_values_are_and_for_how_long_they_stay() -> None:
    store, lines = Parameters(**{"page-limit": "many"}), Lines()
    variables = {"CONFIG_PATH": "/tap/dev/config", "CONFIG_CACHE_SECONDS": "45", "CONFIG_SETTINGS": encode(SETTINGS)}
    configuration = from_environment(variables, lambda name: store if name == "ssm" else None, lines.log())
    assert configuration.number("page-limit") == 50
    assert configuration.cache_seconds == 45
    assert store.calls[0][1]["Path"] == "/tap/dev/config"
    assert lines.objects[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "tap/configuration"


def test_what_an_operator_set_wins_over_the_default_of_the_template() -> None:
    store = Parameters(**{"page-limit": "50", "set/page-limit": "7", "set/accept-writes": "off"})
    variables = {"CONFIG_PATH": "/tap/dev/config", "CONFIG_CACHE_SECONDS": "45", "CONFIG_SETTINGS": encode(SETTINGS)}
    configuration = from_environment(variables, lambda name: store, Lines().log())
    assert configuration.number("page-limit") == 7
    assert configuration.switch("accept-writes") is False


@given(text=st.text())
def test_whatever_somebody_writes_the_number_stays_within_its_limits(text: str) -> None:
    assert 1 <= settings(page_limit=text).number("page-limit") <= 1000
