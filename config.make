# Sourced by nginx's configure after it has written its makefile, which this extends.

ngx_enroll_flags="-std=c++20 -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual \
    -Wno-error=maybe-uninitialized -Wno-error=stringop-overflow -fvisibility=hidden \
    -D_GLIBCXX_ASSERTIONS -MMD -MP -I$ngx_addon_dir $NGX_ENROLL_CFLAGS"

# Flags of a distribution are for C, of which some mean nothing to C++.
ngx_enroll_c_only=-Werror=implicit-function-declaration

# STB_GNU_UNIQUE symbols ignore both visibility and RTLD_LOCAL. clang never makes them.
if [ "$NGX_CC_NAME" = gcc ]; then
    ngx_enroll_flags="$ngx_enroll_flags -fno-gnu-unique"
fi

# nginx has no flags per language or module, but its objects lie in folders named as ours.
for ngx_enroll_folder in ngx_common $ngx_enroll_modules; do
    cat << END                                                >> $NGX_MAKEFILE

$NGX_OBJS/addon/$ngx_enroll_folder/%.o: CFLAGS := \$(filter-out $ngx_enroll_c_only,\$(CFLAGS)) \
    $ngx_enroll_flags
-include $NGX_OBJS/addon/$ngx_enroll_folder/*.d

END
done

cat << END                                                    >> $NGX_MAKEFILE

$ngx_enroll_build/libpki.a: ngx_enroll_force
	@\$(MAKE) --no-print-directory -C $ngx_addon_dir BUILD=$ngx_enroll_build libpki

.PHONY: ngx_enroll_force

END
