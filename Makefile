# make run    set everything up and bring Casper's kitchens to life
# make test   style, types, the book, the tests that are not slow, each cell of each notebook: a quarter of an hour
# make test-all  everything that CI runs: the slow tests, both targets and twelve kills too, with the coverage
# make outputs  run the notebooks again and keep what they print, how long they take, and pictures of the same run in docs/
# make pictures  take the pictures in docs/ of the workspace and the app that run
# make book   the README, the notebooks as they ran and the documents as a site, build/book/index.html
# make lint   the style checks alone
# make faults  kill processes of a busy workspace at random, let its clock jump and its disk fail (SEED=…, COUNT=…,
#              KINDS="SIGKILL disk"), then check that nothing was lost or doubled
# make soak   let a workspace work for weeks of its clock, and say what grows (MINUTES=…, ROUNDS=…)
# make latest  the unit tests on the newest releases that pyproject.toml allows, in an environment of their own
# make stop   stop the local workspace; its data is kept

# uv may be missing, or be a shim that does not run under this project's Python: then it gets an environment of its own.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .uv/bin/uv)

FAULTS := PYTHONPATH=tests/support $(UV) run --no-sync python tests/faults/campaign.py
TWO_FILES_AT_A_TIME := --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-all lint browser unit quick integration notebooks kills outputs pictures book faults soak latest stop setup

run: setup
	$(UV) run --no-sync runbook.py --target all

setup: $(filter .uv/bin/uv,$(UV))
	$(UV) sync
	$(UV) run --no-sync python -m local_workspace setup

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet uv

test: setup
	$(MAKE) --jobs 2 lint book browser
	$(MAKE) --jobs 2 notebooks quick

# Integration, notebooks and kills wait a lot, each in a home of its own: two side by side fill two cores. The coverage is
# that of lib and app by unit and integration tests together, in all their processes.
test-all: setup
	$(MAKE) --jobs 2 lint book browser
	$(UV) run --no-sync coverage erase
	$(MAKE) unit
	$(MAKE) --jobs 2 integration notebooks kills
	$(UV) run --no-sync coverage combine --quiet
	$(UV) run --no-sync coverage report

lint:
	$(UV) run --no-sync ruff check
	$(UV) run --no-sync ruff format --check
	$(UV) run --no-sync mypy
	$(UV) run --no-sync python tests/support/notebook_frame.py

browser:
	$(UV) run --no-sync python tests/support/chromium.py

unit:
	$(UV) run --no-sync coverage run -m pytest tests --ignore tests/integration \
		$(TWO_FILES_AT_A_TIME) --durations 20

quick:
	$(UV) run --no-sync pytest tests --ignore tests/integration -m "not slow" \
		$(TWO_FILES_AT_A_TIME) --durations 20

integration:
	$(UV) run --no-sync coverage run -m pytest tests/integration -s --durations 8

notebooks:
	JUPYTER_DEFAULT_PROVISIONER_NAME=prepared $(UV) run --no-sync pytest notebooks/*.ipynb \
		--nbval --nbval-current-env --nbval-sanitize-with notebooks/sanitize.cfg \
		--nbval-cell-timeout 600 --nbval-kernel-startup-timeout 120 -x --durations 10

# Of each kind of process that `make faults` kills, one; of one of them two.
kills:
	$(FAULTS) --seed 15 --count 12 --kinds SIGKILL

outputs: browser
	PYTHONPATH=tests/support:benchmarks $(UV) run --no-sync python tests/notebooks/refresh.py

pictures: browser
	PYTHONPATH=tests/support $(UV) run --no-sync python tests/notebooks/pictures.py

book:
	$(UV) run --no-sync sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs . build/book

# A fault with its recovery takes about a minute, the workspace's start before them several.
faults: setup
	$(FAULTS) $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) $(if $(KINDS),--kinds $(KINDS))

# By itself: what else runs on the machine is in its times.
soak: setup
	PYTHONPATH=tests/support:tests/faults $(UV) run --no-sync python benchmarks/soak.py $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(ROUNDS),--rounds $(ROUNDS))

# The set-up's releases are those of a date; this resolves without it. What is newer still, beyond a bound, is listed last.
latest: $(filter .uv/bin/uv,$(UV))
	$(UV) venv --quiet --clear .latest
	$(UV) pip compile --quiet --exclude-newer "$$(date -u +%Y-%m-%dT%H:%M:%SZ)" --group dev --group laptop \
		--output-file .latest/requirements.txt pyproject.toml
	$(UV) pip sync --quiet --exclude-newer "$$(date -u +%Y-%m-%dT%H:%M:%SZ)" --python .latest .latest/requirements.txt
	$(UV) pip install --quiet --python .latest --no-deps --editable .
	.latest/bin/python -m local_workspace setup
	.latest/bin/python tests/support/chromium.py
	.latest/bin/python -m pytest $(or $(TESTS),tests --ignore tests/integration) $(TWO_FILES_AT_A_TIME)
	$(UV) pip list --exclude-newer "$$(date -u +%Y-%m-%dT%H:%M:%SZ)" --python .latest --outdated

stop:
	$(UV) run --no-sync runbook.py --stop
