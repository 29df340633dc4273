import json

from caspers.complaints.policy import Evidence
from caspers.complaints.question import MAX_CHARACTERS, evidence_of, format_question, parse_question
from caspers.complaints.reading import Item


def test_a_question_is_parsed_again_also_with_more_text_after_it():
    asked = format_question("AB12CD", 'He said "crème"\nOrder id: ZZ99ZZ')
    assert parse_question(f"{asked}\nThat answer is not valid.") == ("AB12CD", 'He said "crème"\nOrder id: ZZ99ZZ')
    assert parse_question("about AB12CD") == ("AB12CD", "about AB12CD")
    assert parse_question("[1]")[0] is None


def test_a_long_complaint_is_cut():
    assert parse_question(format_question("AB12CD", "x" * 9000)) == ("AB12CD", "x" * MAX_CHARACTERS)


def test_evidence_is_taken_from_one_row_of_each_fact():
    items = [{"item_name": "Udon", "qty": 2, "price_usd": "4.25", "brand_name": "Noodle Lane"}]
    overview = {"total_usd": 8.5, "items": json.dumps(items)}
    evidence = evidence_of(overview, {"delivery_minutes": 31.5}, {"p75_minutes": 30.0, "p99_minutes": 50.0})
    assert evidence == Evidence(31.5, 30.0, 50.0, 8.5, (Item("Udon", 2, 4.25),))
