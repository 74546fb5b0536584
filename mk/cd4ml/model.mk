# model.mk - better or not, and the release. Included by cd4ml.mk.

_cd4ml_gate = $(if $(strip $(CD4ML_GATE_METRICS)),,$(error cd4ml: set CD4ML_GATE_METRICS to the file with the metrics to judge))$(call \
	_cd4ml_tool,baseline-gate) --metric $(call _cd4ml_quote,$(strip $(CD4ML_METRIC))) \
	--baseline $(call _cd4ml_quote,$(strip $(CD4ML_BASELINE))) \
	$(if $(strip $(CD4ML_MODEL)),--model $(call _cd4ml_quote,$(strip $(CD4ML_MODEL)))) \
	$(CD4ML_GATE_FLAGS) $(call _cd4ml_quote,$(strip $(CD4ML_GATE_METRICS)))
_cd4ml_with_baseline = --with $(call _cd4ml_quote,$(strip $(CD4ML_BASELINE))) \
	--with $(call _cd4ml_quote,$(basename $(strip $(CD4ML_BASELINE))).json)
_cd4ml_release = $(call _cd4ml_tool,stage-release) make $(_cd4ml_with_baseline) \
	$(if $(strip $(CD4ML_GATE_METRICS)),--gate $(call _cd4ml_quote,$(basename $(strip $(CD4ML_BASELINE))).json) \
	--metrics $(call _cd4ml_quote,$(strip $(CD4ML_GATE_METRICS))) \
	$(if $(strip $(CD4ML_MODEL)),--model $(call _cd4ml_quote,$(strip $(CD4ML_MODEL))))) $(CD4ML_RELEASE_FLAGS)

.PHONY: $(addprefix $(_cd4ml_p),gate release rollback verify-release)

##@ Model
$(CD4ML_PREFIX)gate: $(_cd4ml_todo) ## pass only a metric better than the baseline, which it becomes (CD4ML_METRIC)
	$(_cd4ml_q)$(_cd4ml_gate)

$(CD4ML_PREFIX)release: $(_cd4ml_todo) | $(call _cd4ml_goals,gate push) ## what the gate passed: commit lock, metrics and baseline, tag model-N
	$(_cd4ml_q)$(_cd4ml_in_git)
	$(_cd4ml_q)$(_cd4ml_release)

# Of the release: `make rollback TAG=model-3`.
_cd4ml_tag = $(if $(call _cd4ml_get,TAG),-- $(call _cd4ml_quote,$(TAG)))

$(CD4ML_PREFIX)rollback: | _cd4ml_ready ## the release before this one again: data, model, baseline (TAG=model-N: that one)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-release) rollback $(_cd4ml_with_baseline) $(_cd4ml_tag)
	$(_cd4ml_q)$(call _cd4ml_tool,cas-hash) checkout -q 2>/dev/null || $(call _cd4ml_tool,s3-sync) pull

$(CD4ML_PREFIX)verify-release: | _cd4ml_ready ## make the last release again, and compare the bytes (TAG=model-N: that one)
	$(_cd4ml_plus)$(_cd4ml_q)$(call _cd4ml_tool,stage-release) verify --command \
		$(call _cd4ml_quote,$(_cd4ml_make_in_copy) -B CD4ML_RUN_FLAGS=--no-run-cache $(_cd4ml_p)repro) $(_cd4ml_tag)
