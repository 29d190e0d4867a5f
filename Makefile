# ngx-enroll: see README.md for what the targets do.

BUILD    ?= build
CXX      ?= g++
CLANGXX  ?= clang++
OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wvla -Werror
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS \
            -fstack-clash-protection -fcf-protection
CXXFLAGS := -std=c++20 $(OPT) $(WARN) $(HARDEN) -fPIC -fvisibility=hidden -fno-gnu-unique -I.
LDFLAGS  := -Wl,-z,relro,-z,now,-z,noexecstack -pie

PKI_SRCS       := $(wildcard libpki/*/*.cpp)
SIGNERD_SRCS   := $(filter-out signerd/main.cpp,$(wildcard signerd/*.cpp signerd/*/*.cpp))
SIGNERCTL_SRCS := $(wildcard clients/signerctl/*.cpp)
UNIT_SRCS      := $(wildcard t/unit/*_test.cpp)

objects = $(patsubst %.cpp,$(BUILD)/obj/%.o,$(1))

SIGNERD_LIBS   := -lsqlite3 -ljansson -lcrypto -lpthread
UNITS          := $(patsubst t/unit/%.cpp,$(BUILD)/unit/%,$(UNIT_SRCS))

all: $(BUILD)/bin/signerd $(BUILD)/bin/signerctl

$(BUILD)/obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(CXXFLAGS) $(SANFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libpki.a: $(call objects,$(PKI_SRCS))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/libsignerd.a: $(call objects,$(SIGNERD_SRCS))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/bin/signerd: $(call objects,signerd/main.cpp) $(BUILD)/libsignerd.a $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(CXX) $(SANFLAGS) $(LDFLAGS) $^ $(SIGNERD_LIBS) -o $@

$(BUILD)/bin/signerctl: $(call objects,$(SIGNERCTL_SRCS)) $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(CXX) $(SANFLAGS) $(LDFLAGS) $^ -ljansson -lcrypto -o $@

units: $(UNITS)

$(BUILD)/unit/%: $(BUILD)/obj/t/unit/%.o $(BUILD)/libsignerd.a $(BUILD)/libpki.a
	@mkdir -p $(@D)
	$(CXX) $(SANFLAGS) $(LDFLAGS) $^ -lcmocka $(SIGNERD_LIBS) -o $@

# libFuzzer needs clang; its objects live apart.
FUZZ_SRCS  := $(wildcard t/fuzz/*_fuzz.cpp)
FUZZERS    := $(patsubst t/fuzz/%.cpp,$(BUILD)/fuzz/%,$(FUZZ_SRCS))
FUZZ_FLAGS := -std=c++20 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
              -fno-sanitize-recover=all -Wall -Wextra -I.

fuzzers: $(FUZZERS)

$(BUILD)/fuzz-obj/%.o: %.cpp
	@mkdir -p $(@D)
	$(CLANGXX) $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/fuzz/%: $(BUILD)/fuzz-obj/t/fuzz/%.o \
                 $(patsubst %.cpp,$(BUILD)/fuzz-obj/%.o,$(PKI_SRCS))
	@mkdir -p $(@D)
	$(CLANGXX) -fsanitize=fuzzer,address,undefined $^ -lcrypto -o $@

-include $(shell find $(BUILD)/obj $(BUILD)/fuzz-obj -name '*.d' 2>/dev/null)

.PHONY: all units fuzzers
.SECONDARY:
