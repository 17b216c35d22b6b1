# What `cmake --install` lays down: the library, the public headers, the two ways by which other builds find them
# (find_package(memgc) and pkg-config memgc), and the programs. Included by the root; the packages are relocatable.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(
  TARGETS memgc
  EXPORT memgc-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET memgc_observe)
  install(
    TARGETS memgc_observe
    EXPORT memgc-observe-targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/runtime/observe/include/memgc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.h")
endif()
# The inline fast paths need one header of allocator/'s.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/runtime/include/memgc ${PROJECT_SOURCE_DIR}/allocator/include/memgc
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

foreach(program memgc-scheme memgc-pkggraph memgc-trace)
  if(TARGET ${program})
    if(BUILD_SHARED_LIBS)
      set_target_properties(${program} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
    endif()
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

if(TARGET memgc-trace)
  get_target_property(memgc_trace_made memgc-trace BINARY_DIR)
  install(FILES ${memgc_trace_made}/memgc-trace.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${memgc_trace_made}/memgc-trace.bash
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME memgc-trace)
endif()

# --- find_package(memgc) ---
set(memgc_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/memgc)
install(EXPORT memgc-targets NAMESPACE memgc:: DESTINATION ${memgc_cmake_dir})
if(TARGET memgc_observe)
  install(EXPORT memgc-observe-targets NAMESPACE memgc:: DESTINATION ${memgc_cmake_dir})
endif()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/memgc-config.cmake.in ${PROJECT_BINARY_DIR}/memgc-config.cmake
                              INSTALL_DESTINATION ${memgc_cmake_dir})
# Before 1.0 a minor version may break its users, so 0.2 does not answer to a request for 0.1.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/memgc-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/memgc-config.cmake ${PROJECT_BINARY_DIR}/memgc-config-version.cmake
        DESTINATION ${memgc_cmake_dir})

# --- pkg-config memgc ---
# The prefix is found from where the .pc file lies, so a moved installation still answers (unless the installer chose
# absolute folders, which cannot move).
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
  set(memgc_pc_prefix ${CMAKE_INSTALL_PREFIX})
  set(memgc_pc_includedir ${CMAKE_INSTALL_FULL_INCLUDEDIR})
  set(memgc_pc_libdir ${CMAKE_INSTALL_FULL_LIBDIR})
else()
  file(RELATIVE_PATH memgc_pc_to_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  string(REGEX REPLACE "/$" "" memgc_pc_prefix "\${pcfiledir}/${memgc_pc_to_prefix}")
  set(memgc_pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
  set(memgc_pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(BUILD_SHARED_LIBS)
  set(memgc_pc_libs "-lmemgc")
  set(memgc_pc_libs_private "-pthread")
else()
  set(memgc_pc_libs "-lmemgc -pthread")
  set(memgc_pc_libs_private "")
endif()
if(MEMGC_CHECKS)
  set(memgc_pc_checks " -DMEMGC_CHECKS=1")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/memgc.pc.in ${PROJECT_BINARY_DIR}/memgc.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/memgc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# --- gdb ---
# Where a program that is linked with a static library can `source` it from; and where gdb looks for a shared library's
# by itself, by the place that this is installed to, which is known when it is.
install(FILES ${PROJECT_BINARY_DIR}/runtime/memgc-gdb.py DESTINATION ${CMAKE_INSTALL_DATADIR}/memgc)
if(BUILD_SHARED_LIBS)
  install(CODE "set(memgc_libraries \"${CMAKE_INSTALL_LIBDIR}\")
    cmake_path(ABSOLUTE_PATH memgc_libraries BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\")
    file(INSTALL \"${PROJECT_BINARY_DIR}/runtime/memgc-gdb.py\"
         DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/gdb/auto-load\${memgc_libraries}\"
         RENAME libmemgc.so.${PROJECT_VERSION}-gdb.py)")
endif()
