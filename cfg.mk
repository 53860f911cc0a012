# Rules of make syntax-check that are our own.   -*- makefile -*-
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
