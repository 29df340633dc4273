"""`ai_query` for open Spark, which has none: a SQL function that calls a chat endpoint, as on Databricks."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ANSWER = "result STRING, errorMessage STRING"
SECONDS = 120.0


def offer(spark: "SparkSession", host: str, token: str) -> None:
    """Give the session the function `ai_query(endpoint, request, failOnError => false)`.

    It calls the chat endpoint of that name in the workspace at `host` and returns a struct with the fields of ANSWER,
    one of which is NULL. Without `failOnError => false` an error fails the query.
    """
    from pyspark.sql.functions import udf

    def ai_query(endpoint: str, request: str, failOnError: bool = True) -> tuple[str | None, str | None]:  # noqa: N803
        return ask(host, token, endpoint, request, failOnError)

    spark.udf.register("ai_query", udf(ai_query, ANSWER, useArrow=False).asNondeterministic())


def ask(host: str, token: str, endpoint: str, request: str, fail_on_error: bool) -> tuple[str | None, str | None]:
    """The endpoint's answer to one message and None, or None and the error's message.

    Raises openai.OpenAIError instead of returning its message if `fail_on_error` is set.
    """
    from openai import OpenAI, OpenAIError

    client = OpenAI(base_url=f"{host}/serving-endpoints", api_key=token, timeout=SECONDS)
    try:
        completion = client.chat.completions.create(model=endpoint, messages=[{"role": "user", "content": request}])
    except OpenAIError as error:
        if fail_on_error:
            raise
        return None, str(error)
    return completion.choices[0].message.content, None
