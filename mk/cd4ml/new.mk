# new.mk - starting a project, in a folder of its own: `make -f .../cd4ml.mk new`. Included by cd4ml.mk.

.PHONY: $(addprefix $(_cd4ml_p),new from-dvc)

# What a Makefile here includes: this fragment by its way from here where it lies below, by its name alone
# where make finds it, by what cd4ml-config says where that leads to it, else by its whole name.
_cd4ml_self := $(abspath $(_cd4ml_dir)cd4ml.mk)
_cd4ml_below := $(patsubst $(CURDIR)/%,%,$(filter $(CURDIR)/%,$(_cd4ml_self)))
_cd4ml_include = $(or $(_cd4ml_below),$(if $(wildcard $(addsuffix /cd4ml.mk,$(.INCLUDE_DIRS))),cd4ml.mk),$(if \
	$(filter $(_cd4ml_self),$(shell cd4ml-config --mk 2>/dev/null)),$$(shell cd4ml-config --mk)),$(_cd4ml_self))

##@ Start
$(CD4ML_PREFIX)new: ## start a project here: Makefile, params.yaml, .gitlab-ci.yml, .gitignore, git, .dvc
	$(_cd4ml_q)$(call _cd4ml_tool,stage-new) project --mk $(call _cd4ml_quote,$(abspath $(_cd4ml_dir))) \
		--include $(call _cd4ml_quote,$(_cd4ml_include))

$(CD4ML_PREFIX)from-dvc: ## dvc.yaml as variables, in a new Makefile (FILE=: in this one)
	$(_cd4ml_q)f=$(call _cd4ml_quote,$(or $(call _cd4ml_get,FILE),Makefile)); \
	if [ -e "$$f" ]; then echo "cd4ml: $$f is there already: say FILE=pipeline.mk, and include that" >&2; exit 2; fi; \
	$(call _cd4ml_tool,stage-new) from-dvc --take-over --include $(call _cd4ml_quote,$(_cd4ml_include)) -o "$$f"
