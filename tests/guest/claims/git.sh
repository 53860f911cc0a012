# git: a repository, a clone, histories.
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (C) 2026 the udocker authors
#
# shellcheck shell=sh
# shellcheck disable=SC2238
# needs: git

export HOME="$PWD" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' \
  GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
git config --global user.name Name
git config --global user.email name@example.org
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git init -q origin && cd origin || exit 99
mkdir -p src/deep && ln -s src/deep link
i=0; while test $i -lt 50; do echo $i > "src/deep/f$i"; i=$((i + 1)); done
echo '#!/bin/sh' > run; chmod +x run
git add . && git commit -q -m first && git log --oneline
git checkout -q -b side && echo side > side && git add side \
  && git commit -q -m side && git checkout -q main
echo main > main && git add main && git commit -q -m main
git merge -q -m merged side && git log --oneline --graph
git status --short; echo dirty > run; git status --short; git diff --stat
git stash -q && git status --short && git stash pop -q && git checkout -q run
cd .. && git clone -q origin clone && cd clone && git log --oneline | wc -l
git ls-files -s | head -n 5; git rev-parse HEAD; git fsck 2>&1 | tail -n 1
cd .. && git clone -q "file://$PWD/origin" by-url && ls by-url
git clone -q --bare origin bare.git && cd clone && git remote add b ../bare.git
echo more > more && git add more && git commit -q -m more && git push -q b main
git fetch -q origin && git rebase -q origin/main; git log --oneline | head -n 2
git gc -q && git count-objects -v | grep -E '^(count|packs|in-pack)'
git mv more moved && git commit -q -m moved && git show --stat | tail -n 2
git worktree add -q ../tree side && ls ../tree && git -C ../tree status --short
git archive HEAD | tar -t | wc -l
git clean -qfdx; git grep -c 7 | sort | head -n 3
