# experiments.mk - the pipeline with other parameters, in a working tree of its own. Included by cd4ml.mk.
#
# Cache and run cache are shared, so an experiment runs only the stages that its parameters change, and
# experiments may run side by side. Each ends as a commit, refs/cd4ml/exp/NAME.

.PHONY: $(addprefix $(_cd4ml_p),exp exp-show exp-apply exp-remove)

_cd4ml_exp_name = $(if $(call _cd4ml_get,NAME),,$(error cd4ml: say which: make $(_cd4ml_p)$(1) NAME=exp-1))$(call \
	_cd4ml_quote,$(NAME))

##@ Experiments
$(CD4ML_PREFIX)exp: | _cd4ml_ready ## run with other parameters, beside the workspace (SET="train.depth=8 p.json:a=1", NAME=deep)
	$(_cd4ml_q)$(_cd4ml_in_git)
	$(_cd4ml_plus)$(_cd4ml_q)$(call _cd4ml_tool,stage-exp) run \
		$(foreach s,$(call _cd4ml_get,SET),--set $(call _cd4ml_quote,$(s))) $(call _cd4ml_option,--name,NAME) \
		--command $(call _cd4ml_quote,$(_cd4ml_make_in_copy) $(_cd4ml_p)repro)

$(CD4ML_PREFIX)exp-show: | $(_cd4ml_after_stages) ## compare experiments: parameters that differ, CD4ML_METRIC (METRIC="auc logloss": others)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-exp) show \
		$(foreach m,$(or $(call _cd4ml_get,METRIC),$(CD4ML_METRIC)),--metric $(call _cd4ml_quote,$(m)))

$(CD4ML_PREFIX)exp-apply: | _cd4ml_ready ## bring an experiment's parameters and results here (NAME=deep)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-exp) apply $(call _cd4ml_exp_name,exp-apply)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-run) run $(CD4ML_RUN_FLAGS)

$(CD4ML_PREFIX)exp-remove: ## forget an experiment (NAME=deep)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-exp) remove $(call _cd4ml_exp_name,exp-remove)
