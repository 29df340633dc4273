"""What customers write: a grammar seeded by the order, so that the same order always gets the same words."""

import random
import re
from dataclasses import dataclass
from datetime import datetime

from caspers.complaints import Category
from caspers.complaints.reading import Item

GENERATED_BY = "seeded-grammar"

_OPENINGS = (
    "", "", "Hi,", "Hello team,", "Hey,", "To whom it may concern,", "Not happy today.", "Honestly,", "Ugh.",
    "I've ordered from you before and liked it.", "First order with you, and probably the last.",
    "I hate to write this, but", "Quick note about my {part} order.", "This was supposed to be our {part} treat.")
_CLOSINGS = (
    "", "", "Please fix this.", "What can you do about it?", "I'd like to hear from you.",
    "Thanks for looking into it.",
    "Not what I expect for ${total}.", "I hope the next one is better.", "Can somebody get back to me?", "Do better.",
    "The {city} kitchen used to be good.", "I have a picture if you need one.")
_CORES: dict[Category, tuple[str, ...]] = {
    "delivery_delay": (
        "the food came way too late, I was waiting {minutes} minutes for {item}.",
        "we ordered at {time} and the delivery took forever, {minutes} minutes in all!",
        "{minutes} minutes for {item}? That delay ruined our {part}.",
        "the app said it would be on time and then we kept waiting and waiting, it took {minutes} minutes.",
        "why is delivery in {city} so slow? Ordered at {time}, everybody was starving by the time it arrived.",
        "my order was badly delayed, I waited {minutes} minutes and got no update."),
    "missing_items": (
        "the {missing} was missing from the bag.",
        "you forgot the {missing}! I paid for it and it was not in the box.",
        "I opened the bag and there was no sign of the {missing}.",
        "my order was incomplete, I didn't get the {missing}.",
        "we didn't receive the {missing}, everything else was there.",
        "somebody left out the {missing}. My kid was looking forward to exactly that."),
    "food_quality": (
        "the {item} was cold and soggy when I opened it.",
        "{item} tasted bland and the rest was greasy.",
        "the {item} was overcooked, dry and frankly inedible.",
        "what happened to the quality? My {item} was stale.",
        "everything was lukewarm and the {item} had turned to mush.",
        "the flavor of the {item} was off, and it was undercooked in the middle."),
    "service_issue": (
        "the driver was rude and practically threw the bag at me.",
        "your courier ignored my note and left the bag at the wrong door.",
        "the driver shouted at my neighbour, very unprofessional.",
        "what an attitude! The driver dropped the bag and just shrugged.",
        "I asked the driver a simple question and got ignored, that is no service."),
    "billing": (
        "I was charged twice for this order, please check my card.",
        "the receipt says ${total} but my card was charged more.",
        "my promo code was not applied and I was overcharged.",
        "there is a payment on my bill that I don't recognise, next to the ${total}."),
}
_FULL_STOP = re.compile(r"\.(?=\s|$)")  # not the point in a price
_MOODS = (str, str, str, str.lower, lambda text: _FULL_STOP.sub("!", text), lambda text: text.replace("I was", "i was"))


@dataclass(frozen=True)
class ComplainedOrder:
    """What a complaint refers to: the order's id, time (of its city, as far as known), city, minutes, total, items."""

    order_id: str
    placed: datetime
    city: str
    minutes: float
    total_usd: float
    items: tuple[Item, ...]


def write(order: ComplainedOrder, category: Category) -> str:
    """The customer's words for a complaint of this category about this order."""
    dice = random.Random(f"{order.order_id}/{category}")
    words = _words(order, dice)
    parts = (dice.choice(_OPENINGS), dice.choice(_CORES[category]), dice.choice(_CLOSINGS))
    opening, core, closing = (part.format_map(words) for part in parts)
    if not opening or opening.endswith("."):
        core = core[0].upper() + core[1:]
    return dice.choice(_MOODS)(" ".join(part for part in (opening, core, closing) if part))


def _words(order: ComplainedOrder, dice: random.Random) -> dict[str, str]:
    names = list(dict.fromkeys(item.name for item in order.items))
    lost = dice.sample(names, k=min(len(names), dice.choice((1, 1, 1, 2))))
    rounded = int(order.minutes / 5 + 0.5) * 5 or 5
    return {"item": dice.choice(names), "missing": " and the ".join(lost), "city": order.city,
            "minutes": str(dice.choice((rounded, rounded + 5, rounded + 10))), "total": f"{order.total_usd:.2f}",
            "time": f"{order.placed:%H:%M}", "part": _part_of_day(order.placed)}


def _part_of_day(moment: datetime) -> str:
    return "late-night" if moment.hour < 5 or moment.hour >= 22 else (
        "breakfast" if moment.hour < 11 else "lunch" if moment.hour < 16 else "dinner")
