# data.mk - versioned data. Included by cd4ml.mk.

.PHONY: $(addprefix $(_cd4ml_p),add push pull checkout gc)

# .dvc and the remote are there before any of these runs.
.PHONY: _cd4ml_ready
_cd4ml_ready:
	$(_cd4ml_q)$(call _cd4ml_tool,stage-run) setup $(_cd4ml_setup_flags)

##@ Data
$(CD4ML_PREFIX)add: | _cd4ml_ready ## version a file or folder (FILE=path): writes path.dvc for git
	$(_cd4ml_q)$(if $(call _cd4ml_get,FILE),,$(error cd4ml: say which: make $(_cd4ml_p)add FILE=data/train.csv))$(call \
		_cd4ml_tool,cas-hash) add -- $(call _cd4ml_quote,$(FILE))

$(CD4ML_PREFIX)push: | _cd4ml_ready $(_cd4ml_after_stages) $(call _cd4ml_goals,add) ## upload what the remote lacks (CD4ML_REMOTE)
	$(_cd4ml_q)$(call _cd4ml_tool,s3-sync) push $(CD4ML_PUSH_FLAGS)

$(CD4ML_PREFIX)pull: | _cd4ml_ready ## download what is recorded, and put it into its place
	$(_cd4ml_q)$(call _cd4ml_tool,s3-sync) pull $(CD4ML_PULL_FLAGS)

$(CD4ML_PREFIX)checkout: | _cd4ml_ready $(call _cd4ml_goals,pull) ## put data into its place from the cache, after git switched
	$(_cd4ml_q)$(call _cd4ml_tool,cas-hash) checkout

$(CD4ML_PREFIX)gc: | _cd4ml_ready $(_cd4ml_after_stages) $(call _cd4ml_goals,push) ## remove from the cache what nothing here uses (CD4ML_GC_FLAGS)
	$(_cd4ml_q)$(call _cd4ml_tool,cas-hash) gc $(CD4ML_GC_FLAGS)
