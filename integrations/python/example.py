#!/usr/bin/env python3
"""Asks Butlr's API for the names of your sites, without a secret in this program.

    BUTLR_BASE_URL=http://127.0.0.1:PORT ./example.py       # the same against butlr-sandbox
"""

import os
import sys

import requests
from butlr_credential import CredentialError, RequestsAuth, TokenSource

base = os.environ.get("BUTLR_BASE_URL", "https://api.butlr.io").rstrip("/")
api = requests.Session()
api.auth = RequestsAuth(TokenSource(base))

try:
    response = api.post(base + "/api/v3/graphql", json={"query": "{ sites { data { id name } } }"}, timeout=30)
    response.raise_for_status()
except CredentialError as error:
    sys.exit(f"no token: {error}")
except requests.RequestException as error:
    sys.exit(f"no answer: {error}")
print(response.text)
