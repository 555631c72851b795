#!/usr/bin/env python3
"""Tests of the native programs: `make -C native test` as root. A fake daemon (fake_daemon.py) connects the real deputy
to the real keeper. Each function named fact_* is one fact; arguments choose facts by a part of their name."""
import sys
sys.dont_write_bytecode = True
import facts  # noqa: E402

sys.exit(facts.main(sys.argv[1:]))
