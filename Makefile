# ngx-enroll: see README.md for what the targets do.

SHELL    := /bin/bash
BUILD    ?= build
CXX      ?= g++
CLANGXX  ?= clang++
OPT      ?= -O2 -g
# Newer compilers take the alternative that a std::variant does not hold for a value that was
# not set, and the buffer of an empty vector for one that is written to.
WARN     := -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wvla -Werror \
            -Wno-error=maybe-uninitialized -Wno-error=stringop-overflow
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS \
            -fstack-clash-protection -fcf-protection
CXXFLAGS := -std=c++20 $(OPT) $(WARN) $(HARDEN) -fPIC -fvisibility=hidden -fno-gnu-unique -I.
LDFLAGS  := -Wl,-z,relro,-z,now,-z,noexecstack -pie

# A makefile below this one inherits the job server of the first.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --no-print-directory -j$(shell nproc)
endif

# V=1 shows the commands.
Q   := $(if $(V),,@)
say  = $(if $(V),,@echo '  $(1)')

PKI_SRCS       := $(wildcard libpki/*/*.cpp)
SIGNERD_SRCS   := $(filter-out signerd/main.cpp,$(wildcard signerd/*.cpp signerd/*/*.cpp))
CLIENTS_SRCS   := $(wildcard clients/common/*.cpp)
SIGNERCTL_SRCS := $(filter-out clients/signerctl/main.cpp,$(wildcard clients/signerctl/*.cpp))
ENROLL_SRCS    := $(filter-out clients/enroll/main.cpp,$(wildcard clients/enroll/*.cpp))
UNIT_SRCS      := $(wildcard t/unit/*_test.cpp)
# What nginx modules are made of but knows nothing of nginx.
NGX_FREE_SRCS  := $(addprefix ngx_common/,address_key.cpp chain.cpp known_signers.cpp \
                    login_failures.cpp status_text.cpp) \
                  $(addprefix ngx_enroll_module/,crl_copy.cpp device_json.cpp ocsp_cache.cpp)

objects = $(patsubst %.cpp,$(BUILD)/obj/%.o,$(1))

SIGNERD_LIBS   := -lcurl -lsqlite3 -ljansson -lseccomp -lcrypto -lpthread
ENROLL_LIBS    := -lcurl -ljansson -lssl -lcrypto
UNITS          := $(patsubst t/unit/%.cpp,$(BUILD)/unit/%,$(UNIT_SRCS))

all:
	@.ci/deps build
	@$(MAKE) build

build: modules $(addprefix $(BUILD)/bin/,signerd signerctl enroll est_client)

deps:
	@.ci/deps test

$(BUILD)/obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(call say,CXX $<)
	$(Q)$(CXX) $(CXXFLAGS) $(SANFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libpki.a: $(call objects,$(PKI_SRCS))
	@rm -f $@
	$(call say,AR $(@F))
	$(Q)ar rcs $@ $^

libpki: $(BUILD)/libpki.a
	@:

$(BUILD)/libsignerd.a: $(call objects,$(SIGNERD_SRCS))
	@rm -f $@
	$(call say,AR $(@F))
	$(Q)ar rcs $@ $^

$(BUILD)/bin/signerd: $(call objects,signerd/main.cpp) $(BUILD)/libsignerd.a $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CXX) $(SANFLAGS) $(LDFLAGS) $^ $(SIGNERD_LIBS) -o $@

$(BUILD)/libclients.a: $(call objects,$(CLIENTS_SRCS))
	@rm -f $@
	$(call say,AR $(@F))
	$(Q)ar rcs $@ $^

$(BUILD)/libsignerctl.a: $(call objects,$(SIGNERCTL_SRCS))
	@rm -f $@
	$(call say,AR $(@F))
	$(Q)ar rcs $@ $^

$(BUILD)/bin/signerctl: $(call objects,clients/signerctl/main.cpp) $(BUILD)/libsignerctl.a \
                        $(BUILD)/libclients.a $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CXX) $(SANFLAGS) $(LDFLAGS) $^ -ljansson -lcrypto -o $@

$(BUILD)/libenroll.a: $(call objects,$(ENROLL_SRCS))
	@rm -f $@
	$(call say,AR $(@F))
	$(Q)ar rcs $@ $^

$(BUILD)/bin/enroll: $(call objects,clients/enroll/main.cpp) $(BUILD)/libenroll.a \
                     $(BUILD)/libclients.a $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CXX) $(SANFLAGS) $(LDFLAGS) $^ $(ENROLL_LIBS) -o $@

# For small devices: C, and no library of ours.
CCFLAGS := -std=c11 $(OPT) -Wall -Wextra -Wshadow -Werror -pedantic $(HARDEN) -fPIE

$(BUILD)/bin/est_client: clients/embedded/est_client.c
	@mkdir -p $(@D)
	$(call say,CC $<)
	$(Q)$(CC) $(CCFLAGS) $(SANFLAGS) $(LDFLAGS) $< -o $@

# nginx modules, built by nginx's own configure, out of tree: Debian's nginx-dev has all that
# it needs; NGX_SRC names an upstream tree instead, of which nginx itself is built as well.
NGX_MODULES := $(shell sed -n 's/^ngx_enroll_modules=//p' config | tr -d '"')
NGX_SRCS    := $(sort $(wildcard ngx_*/*.cpp))
NGX_OBJS    := $(abspath $(BUILD))/nginx

ifdef NGX_SRC
NGX_TREE    := $(BUILD)/nginx-src
NGX_CONF    := --with-compat --with-debug --with-http_ssl_module --with-http_v2_module \
               --with-threads --error-log-path=stderr
NGX_TARGETS := binary modules
NGINX       ?= $(NGX_OBJS)/nginx
else
NGX_TREE    := /usr/share/nginx/src
NGX_TARGETS := modules
NGINX       ?= /usr/sbin/nginx
endif

# Debian's flags with all of its hardening, and of ours what it does not know yet.
buildflags   = $(shell DEB_BUILD_MAINT_OPTIONS=hardening=+all dpkg-buildflags --get $(1))
NGX_CFLAGS  ?= $(call buildflags,CFLAGS) $(call buildflags,CPPFLAGS) \
               $(filter -fstack-clash-protection -fcf-protection,$(HARDEN))
NGX_LDFLAGS ?= $(call buildflags,LDFLAGS)

modules: $(BUILD)/nginx/Makefile $(BUILD)/libpki.a
	@mkdir -p $(BUILD)/modules
	$(call say,NGINX $(NGX_MODULES))
	$(Q)$(MAKE) $(if $(V),,-s) -C $(NGX_TREE) -f $(NGX_OBJS)/Makefile $(NGX_TARGETS)
	@install -C $(NGX_MODULES:%=$(BUILD)/nginx/%.so) $(BUILD)/modules

# auto/configure overwrites the Makefile of the folder that it runs in, hence the links.
$(BUILD)/nginx/Makefile: config config.make $(BUILD)/nginx-inputs
	@mkdir -p $(@D)
ifdef NGX_SRC
	@rm -rf $(NGX_TREE) && mkdir -p $(NGX_TREE)
	@ln -s $(filter-out %/Makefile %/objs,$(wildcard $(abspath $(NGX_SRC))/*)) $(NGX_TREE)
endif
	$(call say,CONFIGURE $(or $(NGX_SRC),$(NGX_TREE)))
	@cd $(NGX_TREE) && \
	    $(if $(NGX_SRC),NGX_CONF_FLAGS=($(NGX_CONF)),. ./conf_flags) && \
	    configure=./configure && { [ -x $$configure ] || configure=auto/configure; } && \
	    NGX_ENROLL_BUILD=$(abspath $(BUILD)) NGX_ENROLL_CFLAGS='$(SANFLAGS)' \
	    $$configure "$${NGX_CONF_FLAGS[@]}" \
	        --with-cc-opt='$(NGX_CFLAGS) -fPIC' --with-ld-opt='$(NGX_LDFLAGS) -fPIC' \
	        --add-dynamic-module=$(CURDIR) --builddir=$(NGX_OBJS) >$(NGX_OBJS)/configure.log \
	    || { tail -n 20 $(NGX_OBJS)/configure.log; rm -f $(NGX_OBJS)/Makefile; exit 1; }

NGX_INPUTS = $(NGX_SRC) $(NGX_SRCS) $(NGX_CFLAGS) $(NGX_LDFLAGS) $(SANFLAGS)

# Changes when the list of sources or a flag does, so that configure runs again.
$(BUILD)/nginx-inputs: FORCE
	@mkdir -p $(@D)
	@echo '$(NGX_INPUTS)' | cmp -s - $@ || echo '$(NGX_INPUTS)' >$@

# A signerd that kills itself where a crash test says (signerd/fault.h).
FAULTY_SRCS := $(SIGNERD_SRCS) signerd/main.cpp

$(BUILD)/faulty-obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(call say,CXX $< (faults))
	$(Q)$(CXX) $(CXXFLAGS) $(SANFLAGS) -DSIGNERD_FAULTS -MMD -MP -c $< -o $@

$(BUILD)/faulty/signerd: $(patsubst %.cpp,$(BUILD)/faulty-obj/%.o,$(FAULTY_SRCS)) \
                         $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(call say,LINK faulty/$(@F))
	$(Q)$(CXX) $(SANFLAGS) $(LDFLAGS) $^ $(SIGNERD_LIBS) -o $@

# Loaded into a signerd or an nginx by tests: a disk, a clock and keys that fail on demand.
$(BUILD)/faulty/%.so: t/faults/%.cpp
	@mkdir -p $(@D)
	$(call say,LINK faulty/$(@F))
	$(Q)$(CXX) $(CXXFLAGS) -fvisibility=default -U_FORTIFY_SOURCE -shared $< -ldl -o $@

# Messages of SCEP and CMP that no client would send, for tests, and a client that knows its
# channel binding.
CMP_FORGE_SRCS := $(wildcard t/tools/cmp_*.cpp)
EST_TOOL_SRCS := $(wildcard t/tools/est_*.cpp)

$(BUILD)/tools/scep_forge: $(call objects,$(filter-out $(CMP_FORGE_SRCS) $(EST_TOOL_SRCS),$(wildcard t/tools/*.cpp)))
$(BUILD)/tools/est_binding: $(call objects,t/tools/est_binding.cpp)
$(BUILD)/tools/cmp_forge: $(call objects,$(CMP_FORGE_SRCS) t/tools/options.cpp)

$(BUILD)/tools/%: $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CXX) $(SANFLAGS) $(LDFLAGS) $(filter %.o,$^) $(BUILD)/libpki.a $(TOOL_LIBS) -lcrypto -o $@

$(BUILD)/tools/est_binding: TOOL_LIBS := -lssl

tools: $(addprefix $(BUILD)/tools/,scep_forge cmp_forge est_binding)
	@:

faulty: $(addprefix $(BUILD)/faulty/,signerd faults.so held_keys.so)
	@:

units: $(UNITS)

$(BUILD)/libngxfree.a: $(call objects,$(NGX_FREE_SRCS))
	@rm -f $@
	$(call say,AR $(@F))
	$(Q)ar rcs $@ $^

$(BUILD)/unit/%: $(BUILD)/obj/t/unit/%.o $(BUILD)/libsignerd.a $(BUILD)/libsignerctl.a \
                 $(BUILD)/libenroll.a $(BUILD)/libclients.a $(BUILD)/libngxfree.a \
                 $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CXX) $(SANFLAGS) $(LDFLAGS) $^ -lcmocka $(SIGNERD_LIBS) -lcurl -lssl -o $@

# libFuzzer needs clang; its objects live apart.
FUZZ_SRCS  := $(wildcard t/fuzz/*_fuzz.cpp)
FUZZERS    := $(patsubst t/fuzz/%.cpp,$(BUILD)/fuzz/%,$(FUZZ_SRCS))
DAEMON_FUZZERS := $(filter $(BUILD)/fuzz/signerd_%,$(FUZZERS))
FUZZ_FLAGS := -std=c++20 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
              -fno-sanitize-recover=all -Wall -Wextra -I.

fuzzers: $(FUZZERS)

$(BUILD)/fuzz-obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(call say,CLANG $<)
	$(Q)$(CLANGXX) $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

$(filter-out $(DAEMON_FUZZERS) $(BUILD)/fuzz/device_json_fuzz,$(FUZZERS)): $(BUILD)/fuzz/%: $(BUILD)/fuzz-obj/t/fuzz/%.o \
                 $(patsubst %.cpp,$(BUILD)/fuzz-obj/%.o,$(PKI_SRCS))
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CLANGXX) -fsanitize=fuzzer,address,undefined $^ -lcrypto -o $@

# What nginx modules parse without nginx, and another parser to compare with.
$(BUILD)/fuzz/device_json_fuzz: $(BUILD)/fuzz-obj/t/fuzz/device_json_fuzz.o \
                 $(BUILD)/fuzz-obj/ngx_enroll_module/device_json.o \
                 $(patsubst %.cpp,$(BUILD)/fuzz-obj/%.o,$(PKI_SRCS))
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CLANGXX) -fsanitize=fuzzer,address,undefined $^ -ljansson -lcrypto -o $@

# Targets of the daemon bring a log of their own.
$(DAEMON_FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzz-obj/t/fuzz/%.o \
                 $(patsubst %.cpp,$(BUILD)/fuzz-obj/%.o,$(PKI_SRCS) \
                   $(filter-out signerd/log.cpp,$(SIGNERD_SRCS)))
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CLANGXX) -fsanitize=fuzzer,address,undefined $^ $(SIGNERD_LIBS) -o $@

# What make bench runs; the loads can be run by hand too, against a server on this machine.
load: $(addprefix $(BUILD)/bench/,est_load scep_load cmp_load ceilings fill)

LOAD_OBJS := $(call objects,$(addprefix t/bench/,load.cpp connection.cpp requests.cpp))

$(BUILD)/bench/est_load: $(call objects,t/bench/est_load.cpp) $(LOAD_OBJS)
$(BUILD)/bench/scep_load: $(call objects,$(addprefix t/bench/,scep_load.cpp messages.cpp)) \
                          $(LOAD_OBJS)
$(BUILD)/bench/cmp_load: $(call objects,$(addprefix t/bench/,cmp_load.cpp cmp_messages.cpp messages.cpp)) \
                         $(LOAD_OBJS)
$(BUILD)/bench/ceilings: $(call objects,t/bench/ceilings.cpp)
$(BUILD)/bench/fill: $(call objects,t/bench/fill.cpp)

$(BUILD)/bench/%: $(BUILD)/libsignerd.a $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(call say,LINK $(@F))
	$(Q)$(CXX) $(SANFLAGS) $(LDFLAGS) $(filter %.o,$^) \
	    $(BUILD)/libsignerd.a $(BUILD)/libpki.a -lssl $(SIGNERD_LIBS) -o $@

# BENCH: arguments of t/bench/run, such as --json or --seconds 5.
bench:
	@.ci/deps build
	@$(MAKE) build load
	@BUILD=$(abspath $(BUILD)) perl -It/lib t/bench/run $(BENCH)

bench-shed:
	@.ci/deps build
	@$(MAKE) build load
	@BUILD=$(abspath $(BUILD)) perl -It/lib t/bench/shed $(BENCH)
	@BUILD=$(abspath $(BUILD)) perl -It/lib t/bench/storm $(BENCH)

bench-revocation:
	@.ci/deps bench
	@$(MAKE) build load
	@BUILD=$(abspath $(BUILD)) perl -It/lib t/bench/revocation $(BENCH)

# Tests: each suite speaks TAP, t/run counts.
export NGINX
RUN_TESTS    := BUILD=$(abspath $(BUILD)) t/run
FUZZ_SECONDS ?= 60

run:
	@.ci/deps build
	@$(MAKE) build
	@BUILD=$(abspath $(BUILD)) exec conf/demo/run

test:
	@.ci/deps test
	@$(MAKE) build units fuzzers faulty tools
	@$(RUN_TESTS) unit integration crash corpora lint

# nginx itself is built with the sanitizers where its source is within reach.
test-asan:
	@.ci/deps test
	@t/asan/run $(BUILD)-asan

# In a Debian 13 of its own: its nginx, its compiler, the newer clients.
test-trixie:
	@t/trixie/run $(abspath $(BUILD))-trixie $(TESTS)

fuzz-corpora: fuzzers
	@$(RUN_TESTS) corpora

fuzz: fuzzers
	@BUILD=$(abspath $(BUILD)) FUZZ_SECONDS=$(FUZZ_SECONDS) t/fuzz/run $(FUZZERS)

# Long, so not a part of test.
soak: build load
	@BUILD=$(abspath $(BUILD)) t/soak/run

lint: build
	@$(RUN_TESTS) lint

TIDY := bugprone-*,-bugprone-easily-swappable-parameters,clang-analyzer-*,performance-*

tidy:
	cppcheck --std=c++20 --language=c++ --inline-suppr --quiet -I. \
	    --enable=warning,performance,portability libpki signerd clients
	clang-tidy --quiet --checks='-*,$(TIDY)' $(PKI_SRCS) $(SIGNERD_SRCS) -- -std=c++20 -I.

PREFIX    ?= /usr/local
MODULEDIR ?= /usr/lib/nginx/modules
CONFDIR   ?= /usr/share/nginx/modules-available
DOCDIR     = $(DESTDIR)$(PREFIX)/share/doc/ngx-enroll
LIBDIR     = $(DESTDIR)$(PREFIX)/lib

install: build
	install -d $(DESTDIR)$(MODULEDIR) $(DESTDIR)$(CONFDIR) $(DOCDIR)/examples \
	    $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(NGX_MODULES:%=$(BUILD)/modules/%.so) $(DESTDIR)$(MODULEDIR)
	for module in $(NGX_MODULES); do name=$${module#ngx_}; \
	    echo "load_module modules/$$module.so;" \
	        >$(DESTDIR)$(CONFDIR)/mod-$${name%_module}.conf; done
	install -m 755 $(BUILD)/bin/signerd $(DESTDIR)$(PREFIX)/sbin
	install -m 755 $(addprefix $(BUILD)/bin/,signerctl enroll est_client) $(DESTDIR)$(PREFIX)/bin
	for page in $(wildcard docs/man/*.[1-8]); do \
	    install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man$${page##*.} $$page; done
	install -m 644 $(wildcard README.md CHANGELOG.md docs/*.md) $(DOCDIR)
	install -m 644 $(wildcard conf/*.conf conf/*.json) $(DOCDIR)/examples
	install -D -m 644 -t $(DOCDIR)/examples/nginx.service.d conf/systemd/nginx.service.d/*.conf
	install -D -m 644 -t $(DOCDIR)/examples/signerd.service.d \
	    conf/systemd/signerd.service.d/*.conf conf/systemd/outside.tmpfiles
	install -D -m 644 conf/systemd/sysusers.conf $(LIBDIR)/sysusers.d/signerd.conf
	install -d $(LIBDIR)/systemd/system
	sed 's|/usr/local/sbin/|$(PREFIX)/sbin/|' conf/systemd/signerd.service \
	    >$(LIBDIR)/systemd/system/signerd.service

clean:
	rm -rf $(BUILD) $(BUILD)-asan

-include $(shell find $(BUILD)/*obj -name '*.d' 2>/dev/null)

.PHONY: all build deps libpki modules faulty tools load bench bench-shed bench-revocation soak units fuzzers run test \
        test-asan test-trixie fuzz-corpora fuzz lint tidy install clean FORCE
.SECONDARY:
