# memgc-gdb.py, one file made of runtime/gdb/*.py, and the ways by which gdb finds it: within a static library (heaps.cc),
# and so within a program that is linked with it; beside a shared one. Installed: runtime/cmake/install.cmake.
set(memgc_gdb_folder ${CMAKE_CURRENT_SOURCE_DIR}/gdb)
foreach(part printers heap search commands)
  file(READ ${memgc_gdb_folder}/${part}.py memgc_${part})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${memgc_gdb_folder}/${part}.py)
endforeach()
set(MEMGC_GDB_SCRIPT ${PROJECT_BINARY_DIR}/runtime/memgc-gdb.py)
configure_file(${memgc_gdb_folder}/memgc-gdb.py.in ${MEMGC_GDB_SCRIPT} @ONLY)
set_source_files_properties(
  heaps.cc PROPERTIES OBJECT_DEPENDS ${MEMGC_GDB_SCRIPT}
                      COMPILE_DEFINITIONS
                      "$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,STATIC_LIBRARY>:MEMGC_GDB_SCRIPT=\"${MEMGC_GDB_SCRIPT}\">")
if(BUILD_SHARED_LIBS)
  configure_file(${MEMGC_GDB_SCRIPT} ${CMAKE_CURRENT_BINARY_DIR}/libmemgc.so.${PROJECT_VERSION}-gdb.py COPYONLY)
endif()
