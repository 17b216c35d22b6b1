# cmake -DCOMPILER= -DSOURCE= -DINCLUDES= -DVARIANT=mistake|correction -DEXPECTED= -P expect.cmake
set(flags -std=c++20 -fsyntax-only)
foreach(directory IN LISTS INCLUDES)
  if(directory)
    list(APPEND flags -I${directory})
  endif()
endforeach()
if(VARIANT STREQUAL "mistake")
  list(APPEND flags -DMEMGC_MISTAKE)
endif()
execute_process(
  COMMAND ${COMPILER} ${flags} ${SOURCE}
  RESULT_VARIABLE result
  ERROR_VARIABLE messages)
if(VARIANT STREQUAL "correction")
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "the corrected case does not compile:\n${messages}")
  endif()
elseif(result EQUAL 0)
  message(FATAL_ERROR "the mistake compiles")
elseif(NOT messages MATCHES "error:[^\n]*${EXPECTED}")
  message(FATAL_ERROR "refused, but not with an error that says \"${EXPECTED}\":\n${messages}")
endif()
