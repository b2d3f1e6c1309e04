"""One server for all tests; each test has a folder of its own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import (
    ClientServerConfig,
    LanguageClient,
    client_capabilities,
    make_test_lsp_client,
)
from tests.lsp.editor import REQUESTS, Editor

COMMAND = [sys.executable, "-m", "copilot_preflight", "lsp", "--stdio"]


def make_client() -> LanguageClient:
    """A client that remembers what the server asks of it."""
    client = make_test_lsp_client()
    REQUESTS[client] = []

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams) -> None:
        REQUESTS[client] += (("register", it) for it in params.registrations)

    @client.feature(types.WORKSPACE_CODE_LENS_REFRESH)
    def refresh(_params: None) -> None:
        REQUESTS[client].append(("refresh", None))

    return client


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=COMMAND, client_factory=make_client), scope="session"
)
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    capabilities = client_capabilities("visual-studio-code")
    await lsp_client.initialize_session(types.InitializeParams(capabilities))
    yield
    await lsp_client.shutdown_session()


@pytest.fixture
def editor(client: LanguageClient, tmp_path: Path) -> Editor:
    return Editor(client, tmp_path)
