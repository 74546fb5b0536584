# help.mk - what can be asked for. Included by cd4ml.mk, last.

##@ General
.PHONY: $(_cd4ml_p)help
$(CD4ML_PREFIX)help: ## show this
	@awk -v prefix=$(call _cd4ml_quote,$(_cd4ml_p)) -v groups=$(call _cd4ml_quote,$(_cd4ml_ci_groups)) \
		-v stages=$(call _cd4ml_quote,$(call _cd4ml_stage_lines)) \
		-f $(_cd4ml_dir)help.awk $(MAKEFILE_LIST)
