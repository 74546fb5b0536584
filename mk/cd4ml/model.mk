# model.mk - better or not, and the release. Included by cd4ml.mk.

_cd4ml_gate = $(if $(strip $(CD4ML_GATE_METRICS)),,$(error cd4ml: set CD4ML_GATE_METRICS to the file with the metrics to judge))$(call \
	_cd4ml_tool,baseline-gate) --metric $(call _cd4ml_quote,$(strip $(CD4ML_METRIC))) \
	--baseline $(call _cd4ml_quote,$(strip $(CD4ML_BASELINE))) \
	$(if $(strip $(CD4ML_MODEL)),--model $(call _cd4ml_quote,$(strip $(CD4ML_MODEL)))) \
	$(CD4ML_GATE_FLAGS) $(call _cd4ml_quote,$(strip $(CD4ML_GATE_METRICS)))
_cd4ml_release = $(call _cd4ml_tool,stage-run) release --with $(call _cd4ml_quote,$(strip $(CD4ML_BASELINE))) \
	--with $(call _cd4ml_quote,$(basename $(strip $(CD4ML_BASELINE))).json) \
	$(if $(strip $(CD4ML_GATE_METRICS)),--gate $(call _cd4ml_quote,$(basename $(strip $(CD4ML_BASELINE))).json) \
	--metrics $(call _cd4ml_quote,$(strip $(CD4ML_GATE_METRICS))) \
	$(if $(strip $(CD4ML_MODEL)),--model $(call _cd4ml_quote,$(strip $(CD4ML_MODEL))))) $(CD4ML_RELEASE_FLAGS)

.PHONY: $(addprefix $(_cd4ml_p),gate release)

##@ Model
$(CD4ML_PREFIX)gate: $(_cd4ml_todo) ## pass only a metric better than the baseline, which it becomes (CD4ML_METRIC)
	$(_cd4ml_q)$(_cd4ml_gate)

$(CD4ML_PREFIX)release: $(_cd4ml_todo) | $(call _cd4ml_goals,gate push) ## what the gate passed: commit lock, metrics and baseline, tag model-N
	$(_cd4ml_q)$(_cd4ml_release)
