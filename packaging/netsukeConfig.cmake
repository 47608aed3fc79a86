# find_package(netsuke) gives the imported target netsuke::netsuke: the library, netsuke.h and netsuke.hpp.
get_filename_component(_netsuke_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET netsuke::netsuke)
  add_library(netsuke::netsuke SHARED IMPORTED)
  set_target_properties(netsuke::netsuke PROPERTIES
    IMPORTED_LOCATION "${_netsuke_prefix}/lib/libnetsuke.so"
    INTERFACE_INCLUDE_DIRECTORIES "${_netsuke_prefix}/include")
endif()
if(NOT EXISTS "${_netsuke_prefix}/lib/libnetsuke.so")
  set(netsuke_FOUND FALSE)
  set(netsuke_NOT_FOUND_MESSAGE "${_netsuke_prefix}/lib/libnetsuke.so is missing; install netsuke again")
endif()
unset(_netsuke_prefix)
