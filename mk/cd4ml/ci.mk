# ci.mk - what a CI job calls: `make ci-GROUP` for each group that NAME_CI names. Included by cd4ml.mk.
#
# Runs the group's stages, fetches what they need when they need it (an output that is up to date and
# not here stays where it is, but for the gate's group, whose reports are to be looked at), and sends
# what was made. Between jobs nothing else needs to pass than dvc.lock, metrics and baseline. The gate
# belongs to the group CD4ML_GATE_CI, the release to CD4ML_RELEASE_CI.

_cd4ml_ci_extra := $(if $(filter model,$(_cd4ml_parts)),$(sort \
	$(if $(strip $(CD4ML_GATE_METRICS)),$(strip $(CD4ML_GATE_CI)) $(strip $(CD4ML_RELEASE_CI)))))
_cd4ml_ci_groups := $(sort $(_cd4ml_groups) $(_cd4ml_ci_extra))
ifneq ($(filter comment,$(_cd4ml_ci_groups)),)
$(error cd4ml: a group cannot be called 'comment': ci-comment is a target of cd4ml.mk; rename it)
endif
_cd4ml_ci := $(addprefix $(_cd4ml_p)ci-,$(_cd4ml_ci_groups))

# A list of targets that is empty must not become "all".
_cd4ml_ci_push = t=$$($(call _cd4ml_tool,stage-ci) targets --ci $(1) --outs) && \
	if [ -n "$$t" ]; then $(call _cd4ml_tool,s3-sync) push $(CD4ML_PUSH_FLAGS) $$t; fi

# The gate and the release name the model by its hash: it must be here.
_cd4ml_ci_model = $(if $(strip $(CD4ML_MODEL)),[ -e $(call _cd4ml_quote,$(strip $(CD4ML_MODEL))) ] || \
	$(call _cd4ml_tool,s3-sync) pull -q $(call _cd4ml_quote,$(strip $(CD4ML_MODEL))),:)

ifneq ($(_cd4ml_ci),)
.PHONY: $(_cd4ml_ci)
$(filter-out $(addprefix $(_cd4ml_p)ci-,$(_cd4ml_groups)),$(_cd4ml_ci)): _cd4ml_ci_stages :=
$(addprefix $(_cd4ml_p)ci-,$(_cd4ml_groups)): _cd4ml_ci_stages := 1

$(_cd4ml_ci): $(_cd4ml_p)ci-%: | _cd4ml_ready
	$(_cd4ml_q)$(if $(_cd4ml_ci_stages),$(call _cd4ml_tool,stage-run) run $(CD4ML_RUN_FLAGS) \
		$(CD4ML_CI_RUN_FLAGS) $(if $(filter $*,$(CD4ML_GATE_CI)),,--allow-missing) --ci $*,$(call _cd4ml_tool,stage-ci) recall)
	$(_cd4ml_q)$(if $(_cd4ml_ci_stages),$(call _cd4ml_ci_push,$*),:)
	$(_cd4ml_q)$(if $(filter $*,$(filter $(CD4ML_GATE_CI) $(CD4ML_RELEASE_CI),$(_cd4ml_ci_extra))),$(_cd4ml_ci_model),:)
	$(_cd4ml_q)$(if $(filter $*,$(filter $(CD4ML_GATE_CI),$(_cd4ml_ci_extra))),$(_cd4ml_gate),:)
	$(_cd4ml_q)$(if $(filter $*,$(filter $(CD4ML_RELEASE_CI),$(_cd4ml_ci_extra))),$(_cd4ml_release),:)

##@ CI
.PHONY: $(_cd4ml_p)gitlab-ci.yml
$(CD4ML_PREFIX)gitlab-ci.yml: ## write the stages as a child pipeline of GitLab, a job for each group
	$(_cd4ml_q)$(call _cd4ml_tool,stage-ci) gitlab-ci $(patsubst %,--then %,$(filter-out $(_cd4ml_groups),$(_cd4ml_ci_extra))) -o gitlab-ci.yml

.PHONY: $(_cd4ml_p)ci-comment
$(CD4ML_PREFIX)ci-comment: ## metrics and links to CD4ML_REPORTS as a note on the merge request (CD4ML_COMMENT_TOKEN)
	$(_cd4ml_q)$(call _cd4ml_tool,stage-ci) comment $(CD4ML_COMMENT_FLAGS) -- \
		$(foreach r,$(CD4ML_REPORTS),$(call _cd4ml_quote,$(r)))
endif
