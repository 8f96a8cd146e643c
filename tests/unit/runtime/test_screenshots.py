from api.languages import LANGUAGES as SPOKEN
from runtime.screenshots import LANGUAGES


def test_every_language_is_photographed() -> None:
    assert tuple(language.tag for language in SPOKEN) == LANGUAGES
