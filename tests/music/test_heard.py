from khala.music.heard import Heard


def test_a_record_holds_what_is_known() -> None:
    assert Heard(99.514, 4, 0.25, "F# minor").to_dict() == {"bpm": 99.51, "key": "F# minor"}
    assert Heard(bpm=120.0).to_dict() == {"bpm": 120.0} and Heard().to_dict() == {}
