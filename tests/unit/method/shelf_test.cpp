// SPDX-License-Identifier: Apache-2.0
// The shelf is the one list of methods: each has its header, its row in the documentation and its rows in the
// tests of the backends.
#include <doctest/doctest.h>

#include <disentangle/method/shelf.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace method = disentangle::method;

namespace {

std::filesystem::path root() {
  return std::filesystem::path(DISENTANGLE_TEST_DATA_DIR).parent_path().parent_path();
}

std::string contents(std::filesystem::path const& path) {
  std::ifstream const file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What the files of a folder whose names have a part say, together.
std::string contents_of(std::filesystem::path const& folder, std::string_view part) {
  std::string all;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().find(part) != std::string::npos) all += contents(entry.path());
  }
  return all;
}

/// "PartedVaeOf<ShapeCode>" is a variant of PartedVae, and tested as such.
std::string plain(std::string_view type) {
  std::string name(type.substr(0, type.find('<')));
  if (name.ends_with("Of")) name.resize(name.size() - 2);
  return name;
}

}  // namespace

TEST_CASE("shelf: names are unique and found, types are declared in their headers") {
  std::set<std::string_view> names;
  for (auto const& listed : method::shelf) {
    CAPTURE(listed.name);
    CHECK(names.insert(listed.name).second);
    CHECK(method::find(listed.name) == &listed);
    CHECK_FALSE(listed.summary.empty());
    std::string const header = contents(root() / "include/disentangle" / listed.header);
    CHECK(header.find("using " + plain(listed.type)) != std::string::npos);
  }
  CHECK(method::find("no_such_method") == nullptr);
  CHECK(names.size() == std::size(method::shelf));
}

TEST_CASE("shelf: docs/methods.md and the tests of backends and of CUDA have each method") {
  std::string const page = contents(root() / "docs/methods.md");
  std::string const backends = contents_of(root() / "tests/backends", "_test.cpp") +
                               contents(root() / "tests/backends/support/method_rows.hpp");
  std::string const cuda = contents_of(root() / "tests/cuda", "_test.cu");
  for (auto const& listed : method::shelf) {
    CAPTURE(listed.name);
    std::string const type = plain(listed.type), name(listed.name);
    // "`bayes_factor_vae_0`, `_1`, `_2`" names three
    bool const on_page = page.find("`" + name + "`") != std::string::npos ||
                         page.find("`" + name.substr(name.size() - 2) + "`") != std::string::npos;
    CHECK(on_page);
    CHECK(backends.find(type) != std::string::npos);
    CHECK(cuda.find(type) != std::string::npos);
  }
}
