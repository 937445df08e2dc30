from kit.db.walks import unforeseen, unseen


def test_a_value_is_behind_a_query_of_its_own() -> None:
    assert unseen("$1", "uuid") == "(SELECT $1::uuid)"


def test_conditions_are_one_case_and_none_is_none() -> None:
    assert unforeseen(["a = $1", "b OR c"]) == ["CASE WHEN (a = $1) AND (b OR c) THEN true END"]
    assert unforeseen([]) == []
