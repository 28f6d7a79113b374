# SPDX-License-Identifier: BSD-3-Clause
"""The demonstration that scripts/demo runs. Start reading at __main__.py."""
