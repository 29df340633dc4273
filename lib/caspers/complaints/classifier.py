"""The classifier of what a complaint is about: logistic regression over words and character n-grams.

It is trained on the texts in `corpus`, in the process that first reads a complaint. That takes a fraction of a second,
and a model that is logged with this package carries code and texts rather than a pickle that another version of
scikit-learn might read differently. Training is deterministic.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from caspers.complaints.corpus import training

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline


@cache
def trained() -> "Pipeline":
    """The classifier, trained at the first call of this process."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union
    from threadpoolctl import threadpool_limits

    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    model = make_pipeline(make_union(words, pieces), LogisticRegression(C=3.0, class_weight="balanced", max_iter=500))
    with threadpool_limits(1):  # on so few texts more threads are slower
        return model.fit(*training())


def labels() -> list[str]:
    """The categories and NO_COMPLAINT, in the order of the columns of `probabilities`."""
    return [str(label) for label in trained().classes_]


def probabilities(texts: Sequence[str]) -> "NDArray[np.float64]":
    """The probability of each label for each text: shape (len(texts), len(labels())), each row sums to 1."""
    found: NDArray[np.float64] = trained().predict_proba(texts)
    return found
