# stages.mk - the pipeline: what must run, and running it. Included by cd4ml.mk.
#
# When a goal needs it, one process is asked while the Makefile is read: it gets all stages as they are
# declared, writes dvc.yaml where that differs, looks at all of them, and names those that
# are to be done, each with those of its needs that are to be done too. Only these get a recipe, so a
# pipeline that is up to date costs that one process.

STAGES ?=
_cd4ml_stages := $(strip $(STAGES))
_cd4ml_keys := DEPS OUTS OUTS_NO_CACHE OUTS_PERSIST METRICS PLOTS PARAMS CMD WDIR CI DESC ALWAYS FROZEN
_cd4ml_fixed := help repro status dag params metrics timings add push pull checkout gc gate release rollback \
	verify-release exp exp-show exp-apply exp-remove new from-dvc gitlab-ci.yml
_cd4ml_groups := $(sort $(foreach s,$(_cd4ml_stages),$(call _cd4ml_get,$(s)_CI)))

# ---- mistakes that make itself can see -------------------------------------------------------------
_cd4ml_clash := $(filter $(addprefix $(_cd4ml_p),$(_cd4ml_fixed)) $(_cd4ml_p)ci-%,$(_cd4ml_stages))
ifneq ($(_cd4ml_clash),)
$(error cd4ml: a stage cannot be called '$(firstword $(_cd4ml_clash))': that is a target of cd4ml.mk; rename it, or set CD4ML_PREFIX)
endif
$(foreach s,$(_cd4ml_stages),$(if $(findstring /,$(s))$(findstring %,$(s))$(findstring :,$(s)),$(error \
	cd4ml: '$(s)' in STAGES cannot be a name: letters, digits, - and _)))

# Variables that look like a stage's, but are none: stage-run says which one was probably meant.
_cd4ml_strange := $(filter $(addsuffix _%,$(_cd4ml_stages)),$(filter-out $(addprefix %_,$(_cd4ml_keys)) _%,$(.VARIABLES)))

# So with the fragment's own knobs: those that a makefile or the command line sets.
_cd4ml_knobs := $(addprefix CD4ML_,REMOTE BIN SHELL PREFIX WITHOUT VERBOSE RUN_FLAGS CI_RUN_FLAGS PUSH_FLAGS PULL_FLAGS \
	GC_FLAGS GATE_METRICS METRIC MODEL BASELINE GATE_FLAGS RELEASE_FLAGS GATE_CI RELEASE_CI COMMENT_FLAGS REPORTS)
_cd4ml_odd := $(foreach v,$(filter-out $(_cd4ml_knobs),$(filter CD4ML_%,$(.VARIABLES))),$(if \
	$(filter file command,$(firstword $(origin $(v)))),$(v)))

# ---- declarations as words for stage-run -----------------------------------------------------------
# \ ' and line breaks as \\ \q \n, then in single quotes: so nothing is special, neither to the shell nor
# to make, which starts a command without special characters by itself, each word on its own.
_cd4ml_word = '$(1)=$(subst ',\q,$(subst $(_cd4ml_newline),\n,$(subst \,\\,$(2))))'
_cd4ml_word_of = $(if $(strip $(call _cd4ml_get,$(2))),$(call _cd4ml_word,$(1),$($(2))))
_cd4ml_declare = 'stage=$(1)' $(call _cd4ml_word_of,cmd,$(1)_CMD) $(call _cd4ml_word_of,wdir,$(1)_WDIR) \
	$(call _cd4ml_word_of,deps,$(1)_DEPS) $(call _cd4ml_word_of,outs,$(1)_OUTS) \
	$(call _cd4ml_word_of,outs_no_cache,$(1)_OUTS_NO_CACHE) \
	$(call _cd4ml_word_of,outs_persist,$(1)_OUTS_PERSIST) \
	$(call _cd4ml_word_of,metrics,$(1)_METRICS) $(call _cd4ml_word_of,plots,$(1)_PLOTS) \
	$(call _cd4ml_word_of,params,$(1)_PARAMS) $(call _cd4ml_word_of,ci,$(1)_CI) \
	$(call _cd4ml_word_of,desc,$(1)_DESC) $(call _cd4ml_word_of,always,$(1)_ALWAYS) \
	$(call _cd4ml_word_of,frozen,$(1)_FROZEN)

# A remote from the command line or the environment is for this clone alone.
_cd4ml_setup_flags = $(if $(strip $(CD4ML_REMOTE)),--remote $(call _cd4ml_quote,$(strip $(CD4ML_REMOTE))) \
	$(if $(filter environment command,$(firstword $(origin CD4ML_REMOTE))),--local))

# For one call, and from nowhere else: `make repro FROZEN=preprocess ALWAYS=fetch`.
_cd4ml_called = $(if $(filter command,$(firstword $(origin $(1)))),$(foreach s,$($(1)),$(2) $(call _cd4ml_quote,$(s))))
_cd4ml_take_as := $(call _cd4ml_called,FROZEN,--frozen) $(call _cd4ml_called,ALWAYS,--always)

# ---- the one look ----------------------------------------------------------------------------------
_cd4ml_todo :=
_cd4ml_plan :=
_cd4ml_to_run := $(strip $(call _cd4ml_goals,repro gate release) $(filter $(_cd4ml_stages),$(MAKECMDGOALS)))
_cd4ml_asked := $(_cd4ml_to_run) $(call _cd4ml_goals,status dag params metrics timings exp-show ci-% gitlab-ci.yml)
# Goals of the user's own may need stages (all: repro), or change what they read: then each looks when its turn comes.
_cd4ml_own := $(filter-out $(addprefix $(_cd4ml_p),$(_cd4ml_fixed) ci-% ci-comment) $(_cd4ml_stages),$(MAKECMDGOALS))
_cd4ml_words = $(foreach s,$(_cd4ml_stages),$(call _cd4ml_declare,$(s))) $(patsubst %,'variable=%',$(_cd4ml_strange)) \
	$(if $(_cd4ml_odd),'knobs=$(_cd4ml_knobs)' $(patsubst %,'knob=%',$(_cd4ml_odd))) \
	$(foreach f,$(filter-out $(_cd4ml_dir)%,$(MAKEFILE_LIST)),'makefile=$(f)')
_cd4ml_do_plan = $(call _cd4ml_tool,stage-run) plan $(1) $(if $(findstring B,$(_cd4ml_flags)),--force) \
	$(_cd4ml_take_as) $(_cd4ml_setup_flags) -- $(_cd4ml_words)

ifneq ($(and $(_cd4ml_stages),$(strip $(_cd4ml_asked))),)
_cd4ml_plan := $(shell $(call _cd4ml_do_plan,$(if $(_cd4ml_own),--force) \
	$(if $(_cd4ml_to_run),$(if $(findstring k,$(_cd4ml_flags)),,--strict)) $(if \
	$(findstring n,$(_cd4ml_flags))$(findstring q,$(_cd4ml_flags))$(findstring t,$(_cd4ml_flags)),--dry)))
ifneq ($(firstword $(_cd4ml_plan)),ok)
$(error cd4ml: the pipeline cannot be planned, for the reason above)
endif
else ifneq ($(_cd4ml_stages),)
# Nothing is written, as perhaps no stage is needed; the first that is has it done. There, too, it is said what
# is wrong: the tools may be made by this very goal.
_cd4ml_plan := $(if $(strip $(_cd4ml_own)),$(shell $(call _cd4ml_do_plan,--force --dry) 2>/dev/null))
.PHONY: _cd4ml_declared
_cd4ml_declared:
	$(_cd4ml_q)$(_cd4ml_do_plan) >/dev/null
	$(_cd4ml_q)$(if $(_cd4ml_plan),:,echo 'cd4ml: stages were not planned when make began: say make $(_cd4ml_p)repro' >&2; exit 2)
$(_cd4ml_p)repro $(_cd4ml_stages): | _cd4ml_declared
endif
_cd4ml_restore := $(patsubst =%,%,$(filter =%,$(_cd4ml_plan)))
_cd4ml_plan := $(patsubst =%,%,$(_cd4ml_plan))
_cd4ml_todo := $(foreach w,$(filter-out ok,$(_cd4ml_plan)),$(firstword $(subst :, ,$(w))))

# Outputs that are only to be brought from the cache: for all stages at once, if all are asked for.
ifneq ($(and $(_cd4ml_restore),$(call _cd4ml_goals,repro gate release)),)
_cd4ml_plan := $(filter-out $(_cd4ml_restore),$(_cd4ml_plan))
.PHONY: _cd4ml_restored
_cd4ml_restored: | $(call _cd4ml_goals,pull checkout add)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-run) run $(_cd4ml_take_as) $(CD4ML_RUN_FLAGS) $(_cd4ml_restore)
$(_cd4ml_restore): | _cd4ml_restored
endif

# NAME:NEED,NEED of the plan becomes a rule. What brings data comes first if both are asked for.
define _cd4ml_rule
$(firstword $(subst :, ,$(1))): $(subst $(_cd4ml_comma), ,$(word 2,$(subst :, ,$(1)))) | $(call _cd4ml_goals,pull checkout add)
	$$(_cd4ml_q)$$(call _cd4ml_tool,stage-run) run $(if $(findstring B,$(_cd4ml_flags)),--force )$$(_cd4ml_take_as) $$(CD4ML_RUN_FLAGS) $(firstword $(subst :, ,$(1)))
endef
$(foreach w,$(filter-out ok,$(_cd4ml_plan)),$(eval $(call _cd4ml_rule,$(w))))

.PHONY: $(_cd4ml_stages)
# Declared, but with nothing to do: all that they need is done too.
$(filter-out $(_cd4ml_todo),$(_cd4ml_stages)):

# For help.awk: `name: what it does\n` each.
_cd4ml_stage_lines = $(foreach s,$(_cd4ml_stages),$(s): $(subst \,\\,$(strip $(call _cd4ml_get,$(s)_DESC)))\n)

# Goals that look at what stages made wait for them, when both are asked for.
_cd4ml_after_stages := $(if $(call _cd4ml_goals,repro)$(filter $(_cd4ml_stages),$(MAKECMDGOALS)),$(_cd4ml_todo))

# $(call _cd4ml_option,--rev,REV) - the option, if the variable is set
_cd4ml_option = $(if $(call _cd4ml_get,$(2)),$(1) $(call _cd4ml_quote,$($(2))))

##@ Pipeline
.PHONY: $(_cd4ml_p)repro $(_cd4ml_p)status $(_cd4ml_p)dag $(_cd4ml_p)params $(_cd4ml_p)metrics $(_cd4ml_p)timings
$(CD4ML_PREFIX)repro: $(_cd4ml_todo) ## bring all stages up to date; their names are targets too (-j N: side by side; FROZEN=, ALWAYS=STAGE)

$(CD4ML_PREFIX)status: | $(_cd4ml_after_stages) ## say what is out of date, and why
	$(_cd4ml_q)$(call _cd4ml_tool,stage-run) status || [ $$? -eq 1 ]

$(CD4ML_PREFIX)dag: ## draw the graph of the stages (FORMAT=terminal|mermaid|dot|svg)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-show) dag $(call _cd4ml_option,--format,FORMAT)

$(CD4ML_PREFIX)metrics: | $(_cd4ml_after_stages) ## compare metrics with the last commit (REV=HEAD)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-show) metrics $(call _cd4ml_option,--rev,REV)

$(CD4ML_PREFIX)params: ## compare parameters with the last commit (REV=HEAD)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-show) params $(call _cd4ml_option,--rev,REV)

$(CD4ML_PREFIX)timings: | $(_cd4ml_after_stages) ## time, peak memory and exit status of each stage's last run here
	$(_cd4ml_q)$(call _cd4ml_tool,stage-show) timings
