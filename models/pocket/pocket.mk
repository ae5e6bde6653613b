# The recipe of the embedded model. Everything it makes lies in build/pocket; see models/pocket/README.md.

POCKET  = models/pocket
BUILT   = build/pocket
SEED   ?= 1
COUNT  ?= 500
SET    ?= held
UTTERANCES ?= 114000
REFINED ?= 21000
START   ?= $(POCKET)
WORKERS ?= 2
ONECORE = OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
SYNTH   = $(ONECORE) $(PYTHON) $(POCKET)/synth.py
ESPEAK  = --espeak $(BUILT)/espeak

.PHONY: pocket-tokenizer pocket-data pocket-verify pocket-heldout pocket-streams pocket-eval pocket-baseline pocket-testset pocket-test pocket-train pocket-export pocket-refine-data pocket-refine pocket-report

pocket-tokenizer: ## learn tokenizer.json again
	$(PYTHON) $(POCKET)/tokenizer.py

pocket-data: ## 177,500 training samples, dev and test; 13 GB, about an hour of one core, resumable
	$(SYNTH) shards --split dev --out $(BUILT)/data $(ESPEAK)
	$(SYNTH) shards --split test --out $(BUILT)/data $(ESPEAK)
	$(SYNTH) shards --split train --first 0 --last 34 --out $(BUILT)/data $(ESPEAK)
	$(SYNTH) shards --split train --first 40 --last 75 --out $(BUILT)/data $(ESPEAK)

pocket-verify: ## make two shards again and compare them with shards.sha256
	$(SYNTH) verify --split dev $(ESPEAK)
	$(SYNTH) verify --split test $(ESPEAK)

pocket-heldout: ## a fresh evaluation set: SET=held|seen|channel|nospeech SEED=1 COUNT=500
	$(SYNTH) heldout --set $(SET) --seed $(SEED) --count $(COUNT) --out $(BUILT)/heldout/$(SET)-$(SEED) $(ESPEAK)

pocket-streams: SET = streams
pocket-streams: COUNT = 40
pocket-streams: ## streams with and without speech: SEED=1 COUNT=40, or SET=foreign for what the model cannot know
	$(ONECORE) $(PYTHON) $(POCKET)/streams.py --set $(SET) --seed $(SEED) --count $(COUNT) --out $(BUILT)/$(SET)-$(SEED) $(ESPEAK)

pocket-eval: build ## measure the embedded model on streams, SEED=11: delay, quality, calm; and what other policies would give
	test -e $(BUILT)/streams-$(SEED)/manifest.jsonl || $(MAKE) --no-print-directory pocket-streams SEED=$(SEED)
	bin/sotto eval --latency fast,balanced,quality --policies default,at-pause,hold-3,agreement-2,wait-3 --whole \
	  --out $(BUILT)/eval-$(SEED) $(BUILT)/streams-$(SEED)/manifest.jsonl

pocket-baseline: build ## what tests hold the embedded model against: testset/streams/report.json
	bin/sotto eval --threads 1 --to en,fr,de,es --out $(BUILT)/baseline $(POCKET)/testset/streams/manifest.jsonl
	cp $(BUILT)/baseline/report.json $(POCKET)/testset/streams/

pocket-testset: ## make testset/ again (espeak-ng 1.51, opusenc 0.2)
	$(ONECORE) $(PYTHON) $(POCKET)/testset.py $(ESPEAK)
	$(ONECORE) $(PYTHON) $(POCKET)/streams.py --committed $(ESPEAK)

pocket-train: ## train, or go on training: UTTERANCES=114000 WORKERS=2; stops and resumes
	$(PYTHON) $(POCKET)/train.py --data $(BUILT)/data --out $(BUILT)/run --utterances $(UTTERANCES) --workers $(WORKERS)

pocket-export: ## write the newest checkpoint as the embedded pair and as a Hugging Face folder
	$(ONECORE) $(PYTHON) $(POCKET)/export.py --run $(BUILT)/run --data $(BUILT)/data --folder $(BUILT)/folder

pocket-refine-data: ## 16,000 samples of the second phase; 2 GB, a few minutes of one core, resumable
	$(SYNTH) shards --split refine --first 0 --last 15 --out $(BUILT)/refine/data $(ESPEAK)

pocket-refine: pocket-refine-data ## the second phase, from the pair in START (the one that lies here), and its export: REFINED=21000 WORKERS=2 FLAGS=--float32
	$(PYTHON) $(POCKET)/train.py --start $(START) --data $(BUILT)/refine/data --out $(BUILT)/refine/run --utterances $(REFINED) --workers $(WORKERS) $(FLAGS)
	$(ONECORE) $(PYTHON) $(POCKET)/export.py --run $(BUILT)/refine/run --data $(BUILT)/refine/data --folder $(BUILT)/refine/folder

pocket-report: build ## measure the embedded model through bin/sotto, write REPORT.md
	for set in held seen channel nospeech; do \
	  $(MAKE) --no-print-directory pocket-heldout SET=$$set SEED=8 COUNT=300 || exit 1; done
	$(PYTHON) $(POCKET)/evaluate.py --seed 8 --sets $(BUILT)/heldout --run $(BUILT)/run --refined $(BUILT)/refine/run

pocket-test: ## the recipe's tests: data, grammar, and the graph against transformers
	cd $(POCKET) && $(ONECORE) $(PYTHON) -m unittest test_grammar test_data test_streams test_network
