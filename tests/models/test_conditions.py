from khala.models.lm.conditions import condition_stream


def test_a_position_has_the_conditions_of_the_frame_that_it_predicts_a_code_of() -> None:
    rows = condition_stream([0, 7, 9], [[10, 20], [11, 21], [12, 22]])
    assert rows.tolist() == [[0, 0], [7, 0], [10, 20], [10, 20], [11, 21], [11, 21], [12, 22]]
