"""The knowledge base's articles that flows tell: files of the `articles` folder beside them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.shape import shaped
from trunkline.flows.source import MOST_BYTES, read
from trunkline.flows.words import AnyWords, Words

ARTICLES = "articles"


class _Article(BaseModel):
    """One article file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: str
    text: Words


def article_from(file: Path) -> tuple[AnyWords | None, list[Problem]]:
    """Return an article's words, or None with every problem of its file."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        return None, [Problem(str(file), 1, 1, Severity.ERROR, "file", f"cannot be read: {error.strerror or error}")]
    root, problems = read(data, str(file))
    if root is None or problems:
        return None, problems
    article, problems = shaped(_Article, root, str(file), "article: ")
    return (article.text if article else None), problems


def fault_of_article(folder: Path, name: str) -> str | None:
    """Return why an article of a flow's folder cannot be told, or what its name was meant to be; None when it can."""
    file = folder / ARTICLES / f"{name}.yaml"
    words, problems = article_from(file)
    if words is not None:
        return None
    if file.exists():
        return f"{ARTICLES}/{file.name}: {problems[0].message}"
    near = Guesser(sorted(other.stem for other in file.parent.glob("*.yaml"))).hint(name)
    return near or f"there is no {ARTICLES}/{file.name}"


def articles_from(folder: Path, names: Iterable[str]) -> Mapping[str, AnyWords]:
    """Return the articles of a flow's folder that can be told."""
    found = {name: article_from(folder / ARTICLES / f"{name}.yaml")[0] for name in sorted(set(names))}
    return {name: words for name, words in found.items() if words is not None}
