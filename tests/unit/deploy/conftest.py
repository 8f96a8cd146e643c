import pytest

from tests.unit.deploy.compose import Service, assignments, new_env, services


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return assignments(new_env(tmp_path_factory.mktemp("env")).read_text())


@pytest.fixture(scope="session")
def composed(env: dict[str, str]) -> dict[str, Service]:
    return services(env)
