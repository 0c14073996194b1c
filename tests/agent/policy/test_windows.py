from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from policy_cases import HOUR, MONDAY, WEEKDAYS

from agent.policy.rules import Window
from agent.policy.windows import WindowTimes, moment, next_moment

BERLIN = ZoneInfo("Europe/Berlin")
LONDON = ZoneInfo("Europe/London")
UTC_ZONE = ZoneInfo("UTC")


def times(start: str, end: str, *, days=None, zone=UTC_ZONE, begin=MONDAY) -> WindowTimes:
    return WindowTimes(Window(start=start, end=end, days=days), zone, begin)


def clear(window: WindowTimes, *starts_h: float, hours: float) -> str:
    return "".join(".y"[int(ok)] for ok in window.clear(np.array(starts_h) * HOUR, hours * HOUR))


def inside(window: WindowTimes, *starts_h: float, hours: float) -> str:
    return "".join(".y"[int(ok)] for ok in window.inside(np.array(starts_h) * HOUR, hours * HOUR, hours * HOUR))


def test_a_run_may_touch_a_window_at_either_end_but_not_overlap_it():
    """Window 16-21: two hours from 14 end as it opens; a start at 21 is after it."""
    assert clear(times("16:00", "21:00"), 14, 14.01, 16, 20.99, 21, hours=2) == "y...y"


def test_a_run_across_a_whole_window_overlaps_it():
    assert clear(times("16:00", "21:00"), 10, hours=24) == "."


def test_a_run_of_no_length_still_holds_its_first_instant():
    assert clear(times("16:00", "21:00"), 15, 16, 20, 21, hours=0) == "y..y"


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_starts():
    """Friday 22:00 to Saturday 06:00; Thursday night and Saturday night are free."""
    friday = 4 * 24
    window = times("22:00", "06:00", days=("fri",))
    assert clear(window, friday - 1, friday + 22, friday + 29, friday + 30, friday + 46, hours=1) == "y..yy"


def test_a_window_that_began_before_the_scenario_holds_at_its_start():
    assert clear(times("22:00", "06:00"), 0, 5, 6, hours=1) == "..y"


def test_a_run_is_inside_only_if_the_window_holds_all_of_it():
    assert inside(times("22:00", "06:00"), 21, 22, 28, 28.5, hours=2) == ".yy."


def test_a_run_longer_than_the_window_must_at_least_start_inside():
    assert inside(times("22:00", "06:00"), 21, 22, 29, 30, hours=9) == ".yy."


def test_a_weekend_is_48_hours_and_not_twice_24():
    """30 h from Saturday noon fit; from Sunday noon they do not, and they are no longer than the weekend."""
    saturday = 5 * 24
    window = times("00:00", "24:00", days=("sat", "sun"))
    assert inside(window, saturday + 12, saturday + 36, hours=30) == "y."
    assert inside(window, saturday - 1, saturday + 36, saturday + 48, hours=50) == ".y."


def test_a_week_that_began_before_the_scenario_counts_in_full():
    """From Friday noon 100 h do not fit Monday to Friday, and are no longer than those 120 h."""
    friday = datetime(2022, 3, 11, tzinfo=UTC)
    assert inside(times("00:00", "24:00", days=WEEKDAYS, begin=friday), 12, 3 * 24, hours=100) == ".y"


def test_a_window_of_all_hours_never_ends():
    assert inside(times("00:00", "24:00"), 0, 1000, hours=5000) == "yy"


def test_windows_reach_as_far_as_they_are_asked_for():
    window = times("16:00", "21:00")
    assert clear(window, 16, hours=1) == "."
    year = 366 * 24
    assert clear(window, year + 15, year + 16, hours=1) == "y."


def test_local_windows_move_with_daylight_saving_time():
    """Berlin went from UTC+1 to UTC+2 on Sunday 2022-03-27: 16:00 is 15:00 UTC before and 14:00 after."""
    window = times("16:00", "21:00", zone=BERLIN, begin=datetime(2022, 3, 26, tzinfo=UTC))
    assert clear(window, 14, 15, 19.5, 20, hours=0.5) == "y..y"
    assert clear(window, 24 + 13, 24 + 14, 24 + 18.5, 24 + 19, hours=0.5) == "y..y"


def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn():
    """22:00-06:00 is 7 h long in the night to 2022-03-27, and 9 h in the night to 2022-10-30."""
    spring = times("22:00", "06:00", zone=LONDON, begin=datetime(2022, 3, 26, 22, tzinfo=UTC))
    assert inside(spring, 0, 1, hours=7) == "y."
    autumn = times("22:00", "06:00", zone=LONDON, begin=datetime(2022, 10, 29, 21, tzinfo=UTC))
    assert inside(autumn, 0, 1, hours=9) == "y."


def test_a_window_swallowed_by_the_change_does_not_occur():
    """02:10-02:50 does not exist in Berlin on 2022-03-27; read with the old offset it is 03:10-03:50."""
    begin = datetime(2022, 3, 27, tzinfo=UTC)
    assert clear(times("02:10", "02:50", zone=BERLIN, begin=begin), 1.2, hours=0.1) == "."
    assert clear(times("02:10", "03:00", zone=BERLIN, begin=begin), 0.5, 1, 1.2, hours=0.1) == "yyy"


@pytest.mark.parametrize(
    ("clock", "expected"),
    [("06:00", (2022, 3, 8, 6)), ("13:00", (2022, 3, 7, 13)), ("24:00", (2022, 3, 8, 0))],
)
def test_the_next_time_of_day_is_strictly_later(clock, expected):
    noon = datetime(2022, 3, 7, 12, tzinfo=UTC)
    assert next_moment(noon, clock, UTC_ZONE) == datetime(*expected, tzinfo=UTC)
    assert next_moment(noon, "12:00", UTC_ZONE) == datetime(2022, 3, 8, 12, tzinfo=UTC)


def test_24_00_is_the_midnight_after_the_day():
    assert moment(date(2022, 12, 31), "24:00", UTC_ZONE) == datetime(2023, 1, 1, tzinfo=UTC)


def test_weekday_windows_leave_the_weekend_alone():
    window = times("16:00", "21:00", days=WEEKDAYS)
    assert clear(window, *(24 * day + 17 for day in range(7)), hours=1) == ".....yy"
