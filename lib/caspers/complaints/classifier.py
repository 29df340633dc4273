"""The classifier that reads what a complaint is about: words and pieces of words, weighed by a logistic regression.

It is trained on the texts in `corpus`, in the process that first reads a complaint: that takes a fraction of a second,
and so a model that is logged with this package carries code and texts, and no pickle that another version of
scikit-learn might read differently. Training is deterministic.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from caspers.complaints.corpus import training

if TYPE_CHECKING:
    import numpy as np
    from sklearn.pipeline import Pipeline


@cache
def trained() -> "Pipeline":
    """The classifier, trained at the first call."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union
    from threadpoolctl import threadpool_limits

    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    model = make_pipeline(make_union(words, pieces), LogisticRegression(C=3.0, class_weight="balanced", max_iter=500))
    with threadpool_limits(1):  # on so few texts more threads only wait for each other
        return model.fit(*training())


def labels() -> list[str]:
    """The categories and NOTHING, in the order of the columns of `probabilities`."""
    return [str(label) for label in trained().classes_]


def probabilities(texts: Sequence[str]) -> "np.ndarray":
    """How probable each label is for each text: an array of len(texts) rows that sum to 1."""
    return trained().predict_proba(texts)
