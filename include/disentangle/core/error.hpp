// SPDX-License-Identifier: Apache-2.0
// The exceptions that the library throws. Every message names what was found and what was expected.
#pragma once

#include <stdexcept>
#include <string>

namespace disentangle {

/// Base of every exception of the library.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file that is missing, truncated, corrupt or of another format; the message starts with its path.
struct FileError : Error {
  FileError(std::string const& path, std::string const& what) : Error(path + ": " + what) {}
};

/// Too little memory for what a file or data set holds; the message starts with its name and says how many
/// bytes are wanted.
struct MemoryError : Error {
  MemoryError(std::string const& name, std::string const& what) : Error(name + ": " + what) {}
};

/// Extents that do not fit each other.
struct ShapeError : Error {
  using Error::Error;
};

/// A value outside its range: a label, an option, a hyper-parameter.
struct ValueError : Error {
  using Error::Error;
};

/// A loss or parameter that became NaN or infinite.
struct NumericalError : Error {
  using Error::Error;
};

}  // namespace disentangle
