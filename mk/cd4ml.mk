# cd4ml.mk - continuous delivery for machine learning, for a project with a Makefile.
#
#	STAGES += train
#	train_DEPS    := clean/train.csv
#	train_PARAMS  := model train
#	train_OUTS    := models/model.json
#	train_METRICS := metrics/train.json
#	train_CMD     := gbt-train --target target -o models/model.json clean/train.csv
#
#	include cd4ml.mk
#
# Include it last: it reads the variables when it is included. A stage is
#
#	NAME_CMD      what makes its outputs, run by bash -eu -o pipefail (CD4ML_SHELL)
#	NAME_DEPS     files and folders that it reads; a change of their content reruns it
#	NAME_OUTS     files and folders that it makes; kept in the cache, not in git
#	NAME_METRICS  small JSON or YAML files with numbers that it makes; they belong in git
#	NAME_PLOTS    as NAME_OUTS, for pictures and tables to look at
#	NAME_PARAMS   keys of params.yaml; FILE:KEY of another file, FILE: for all of one
#	NAME_OUTS_NO_CACHE, NAME_OUTS_PERSIST  outputs that are not kept in the cache; that are not
#	              removed before the command runs
#	NAME_WDIR     folder that the command runs in, and that all its paths are relative to
#	NAME_CI       group of stages that a CI job runs by `make ci-GROUP`
#	NAME_DESC     a line for `make help`
#	NAME_ALWAYS   not empty: runs each time
#	NAME_FROZEN   not empty: never runs, its outputs are taken as dvc.lock has them
#
# For one call `make repro ALWAYS=fetch FROZEN="clean encode"` says the same of stages by name.
#
# Many stages of one kind come from a template: a `define` of these lines with $(1) for what differs,
# $$ for each $ that is to stay, and
#
#	$(foreach s,1 2 3,$(eval $(call score_stage,$(s))))
#
# With NAME_CI := score-$(1) each shard is a job of its own: `make ci-score-1`. `stage-run setup --merge`, once
# for a project, has git merge dvc.lock stage by stage, in each clone.
#
# Its name is a target. `make help` lists the others. Knobs, to be set before the include:
#
#	CD4ML_REMOTE         s3://bucket/prefix, file:///path or a path; default: a folder in .dvc
#	CD4ML_BIN            folder of the tools, if they are not on PATH
#	CD4ML_SHELL          shell for the commands of stages
#	CD4ML_RUN_FLAGS      for stage-run run: --no-run-cache
#	CD4ML_CI_RUN_FLAGS   the same in ci-GROUP; default: --pull, data is fetched when a stage needs it
#	CD4ML_PUSH_FLAGS  CD4ML_PULL_FLAGS  CD4ML_GC_FLAGS     for s3-sync push, pull; cas-hash gc
#	CD4ML_GATE_METRICS   file that `make gate` judges; default: the first of evaluate_METRICS
#	CD4ML_METRIC         the number in it (accuracy)
#	CD4ML_BASELINE       where the number to beat is kept (baseline.txt)
#	CD4ML_MODEL          the model that was judged; default: the first of train_OUTS
#	CD4ML_GATE_FLAGS     more for baseline-gate; CD4ML_RELEASE_FLAGS: for stage-release make
#	CD4ML_GATE_CI  CD4ML_RELEASE_CI    their groups (evaluate, release)
#	CD4ML_REPORTS        what ci-comment links to; default: evaluate_OUTS that end in .html
#	CD4ML_COMMENT_FLAGS  for stage-ci comment: --title, --name
#	CD4ML_PREFIX         what all targets but the stages begin with; default: nothing
#	CD4ML_WITHOUT        parts to leave out: data model experiments ci new
#	CD4ML_VERBOSE        not empty: commands are shown
#
# Takes nothing but names that begin with CD4ML_, _cd4ml_ or a stage's name; for all of make it sets
# .DELETE_ON_ERROR and the default goal, which is `help`. GNU make 3.81 or later.

ifndef _cd4ml_included
_cd4ml_included := 1

_cd4ml_dir := $(dir $(lastword $(MAKEFILE_LIST)))
ifeq ($(wildcard $(_cd4ml_dir)cd4ml/stages.mk),)
$(error cd4ml: the parts of cd4ml.mk are not in '$(_cd4ml_dir)cd4ml'; a path with blanks cannot be carried by make)
endif

# $(call _cd4ml_get,VARIABLE) - its value, also under --warn-undefined-variables
_cd4ml_get = $(if $(filter undefined,$(origin $(1))),,$($(1)))

CD4ML_REMOTE     ?=
CD4ML_BIN        ?=
CD4ML_PREFIX     ?=
CD4ML_WITHOUT    ?=
CD4ML_VERBOSE    ?=
CD4ML_RUN_FLAGS  ?=
CD4ML_CI_RUN_FLAGS ?= --pull
CD4ML_PUSH_FLAGS ?= --run-cache
CD4ML_PULL_FLAGS ?= --run-cache
CD4ML_GC_FLAGS   ?= -w
CD4ML_GATE_METRICS ?= $(firstword $(call _cd4ml_get,evaluate_METRICS))
CD4ML_METRIC     ?= accuracy
CD4ML_BASELINE   ?= baseline.txt
CD4ML_MODEL      ?= $(firstword $(call _cd4ml_get,train_OUTS))
CD4ML_GATE_FLAGS ?=
CD4ML_RELEASE_FLAGS ?=
CD4ML_REPORTS    ?= $(filter %.html,$(call _cd4ml_get,evaluate_OUTS))
CD4ML_COMMENT_FLAGS ?=
CD4ML_GATE_CI    ?= evaluate
CD4ML_RELEASE_CI ?= release

_cd4ml_parts := stages $(filter-out $(CD4ML_WITHOUT),data model experiments ci new) help

.DELETE_ON_ERROR:

# ---- small things that all parts use ---------------------------------------------------------------
_cd4ml_q := $(if $(strip $(CD4ML_VERBOSE)),,@)
_cd4ml_p := $(strip $(CD4ML_PREFIX))
_cd4ml_comma := ,
define _cd4ml_newline


endef

# $(call _cd4ml_quote,TEXT) - one word for the shell
_cd4ml_quote = '$(subst ','\'',$(1))'
# Runs a tool: $(call _cd4ml_tool,stage-run) run ...
_cd4ml_tool = $(if $(strip $(CD4ML_BIN)),PATH=$(call _cd4ml_quote,$(abspath $(strip $(CD4ML_BIN)))):"$$PATH" )$(1)
# The first word of MAKEFLAGS holds the letters of the options, unless there are none.
_cd4ml_flags := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
# make, for a working tree beside this one: what is included from outside of git is found from here.
# With + before it (unless it is only to be shown), it shares -j.
_cd4ml_make := $(MAKE)
_cd4ml_make_in_copy = $(_cd4ml_make) --no-print-directory -I $(call _cd4ml_quote,$(CURDIR)) -I $(call _cd4ml_quote,$(abspath $(_cd4ml_dir)))
_cd4ml_plus := $(if $(findstring n,$(_cd4ml_flags)),,+)
# What makes the pipeline again from git finds nothing where its Makefile is not there.
_cd4ml_makefile := $(firstword $(MAKEFILE_LIST))
_cd4ml_in_git = git ls-files --error-unmatch -- $(call _cd4ml_quote,$(_cd4ml_makefile)) >/dev/null 2>&1 || { \
	echo 'cd4ml: $(_cd4ml_makefile) is not in git: first git add and git commit what the project is made of' >&2; exit 2; }
# Is one of these goals asked for? $(call _cd4ml_goals,push pull)
_cd4ml_goals = $(filter $(addprefix $(_cd4ml_p),$(1)),$(MAKECMDGOALS))

include $(patsubst %,$(_cd4ml_dir)cd4ml/%.mk,$(_cd4ml_parts))

.DEFAULT_GOAL := $(_cd4ml_p)help

endif
