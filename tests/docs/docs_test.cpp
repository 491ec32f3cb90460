// SPDX-License-Identifier: Apache-2.0
// The documentation hangs together: every key of a reference is in docs/references.bib, every relative link
// leads somewhere, and every C++ snippet stands, word for word, in a file that is compiled.
//
// Above a snippet stands the file that it is taken from:   <!-- examples/01_train_and_score.cpp -->
// Its lines must follow each other there; indentation and comment marks do not count, and a line `// ...`
// leaves some out.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

fs::path root() { return fs::path(DISENTANGLE_TEST_DATA_DIR).parent_path().parent_path(); }

std::string contents(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines(std::string const& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

/// The Markdown files of the repository: those at its top and in docs/.
std::vector<fs::path> pages() {
  std::vector<fs::path> result;
  for (auto const& entry : fs::directory_iterator(root())) {
    if (entry.path().extension() == ".md") result.push_back(entry.path());
  }
  for (auto const& entry : fs::recursive_directory_iterator(root() / "docs")) {
    if (entry.path().extension() == ".md") result.push_back(entry.path());
  }
  std::ranges::sort(result);
  return result;
}

std::string name(fs::path const& path) { return path.lexically_relative(root()).string(); }

/// The keys after "BibTeX:" in a text.
std::set<std::string> keys_used(std::string const& text) {
  std::set<std::string> keys;
  std::string_view const mark = "BibTeX:";
  for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
    at += mark.size();
    while (at < text.size() && std::string_view(" \n/*`@").find(text[at]) != std::string_view::npos) ++at;
    std::string key;
    while (at < text.size() && std::isalnum(static_cast<unsigned char>(text[at]))) key += text[at++];
    keys.insert(key);
  }
  return keys;
}

/// The entries of docs/references.bib: key and body.
std::map<std::string, std::string> references() {
  std::string const text = contents(root() / "docs/references.bib");
  std::map<std::string, std::string> entries;
  for (std::size_t at = text.find('@'); at != text.npos; at = text.find("\n@", at), at += at != text.npos) {
    std::size_t const open = text.find('{', at), comma = text.find(',', open);
    int depth = 1;
    std::size_t end = open + 1;
    for (; end < text.size() && depth > 0; ++end) depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
    std::string const key = text.substr(open + 1, comma - open - 1);
    CHECK_MESSAGE(depth == 0, "docs/references.bib: unbalanced braces in " << key);
    CHECK_MESSAGE(entries.count(key) == 0, "docs/references.bib: " << key << " occurs twice");
    entries[key] = text.substr(comma, end - comma);
  }
  return entries;
}

/// A line without indentation, comment marks and the spaces after them.
std::string_view bare(std::string_view line) {
  auto const skip = [&](char const* characters) {
    line.remove_prefix(std::min(line.find_first_not_of(characters), line.size()));
  };
  skip(" \t");
  if (line.starts_with("//")) {
    skip("/");
    skip(" ");
  }
  if (auto const end = line.find_last_not_of(" \t\r"); end != line.npos) line = line.substr(0, end + 1);
  return line;
}

/// The anchor that a heading gets.
std::string anchor(std::string_view heading) {
  std::string result;
  for (char const c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_') {
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (c == ' ') {
      result += '-';
    }
  }
  return result;
}

bool has_anchor(fs::path const& page, std::string const& wanted) {
  for (std::string const& line : lines(contents(page))) {
    auto const text = line.find_first_not_of('#');
    if (line.starts_with("#") && text != line.npos &&
        anchor(std::string_view(line).substr(text + 1)) == wanted)
      return true;
  }
  return false;
}

}  // namespace

TEST_CASE("references: every key that a header or a page mentions has a complete entry") {
  auto const entries = references();
  CHECK(entries.size() >= 10);
  for (auto const& entry : entries) {
    for (char const* field : {"title", "author", "year"}) {
      CHECK_MESSAGE(entry.second.find(std::string(field) + " ") != std::string::npos,
                    "docs/references.bib: " << entry.first << " has no " << field);
    }
  }
  std::size_t used = 0;
  auto const check = [&](fs::path const& path) {
    for (std::string const& key : keys_used(contents(path))) {
      CHECK_MESSAGE(entries.count(key) == 1, name(path) << ": '" << key << "' is not in docs/references.bib");
      ++used;
    }
  };
  for (auto const& entry : fs::recursive_directory_iterator(root() / "include")) {
    if (entry.is_regular_file()) check(entry.path());
  }
  for (auto const& page : pages()) {
    if (page.filename() != "CONTRIBUTING.md") check(page);
  }
  CHECK(used >= 10);
}

TEST_CASE("pages: every relative link and picture is there") {
  std::size_t links = 0;
  for (auto const& page : pages()) {
    bool code = false;
    for (std::string const& line : lines(contents(page))) {
      if (line.starts_with("```")) code = !code;
      if (code) continue;
      for (std::size_t at = line.find("]("); at != line.npos; at = line.find("](", at + 1)) {
        // between backticks it is code: [](auto x)
        if (std::count(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(at), '`') % 2 == 1) continue;
        std::string const target = line.substr(at + 2, line.find(')', at) - at - 2);
        if (target.find("://") != target.npos || target.starts_with("mailto:")) continue;
        auto const hash = std::min(target.find('#'), target.size());
        fs::path const file = hash == 0 ? page : page.parent_path() / target.substr(0, hash);
        CHECK_MESSAGE(fs::exists(file), name(page) << ": the link " << target << " leads nowhere");
        if (hash < target.size()) {
          CHECK_MESSAGE(has_anchor(file, target.substr(hash + 1)), name(page) << ": no heading " << target);
        }
        if (file.extension() == ".png" && fs::exists(file)) {
          CHECK_MESSAGE(fs::file_size(file) < 300'000, name(file) << " is larger than 300 kB");
        }
        ++links;
      }
    }
  }
  CHECK(links >= 10);
}

TEST_CASE("pages: every C++ snippet stands in a file that is compiled") {
  std::size_t snippets = 0;
  for (auto const& page : pages()) {
    auto const text = lines(contents(page));
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!text[i].starts_with("```cpp")) continue;
      std::string const where = name(page) + ", line " + std::to_string(i + 1);
      std::string const above = i == 0 ? "" : text[i - 1];
      bool const named = above.starts_with("<!-- ") && above.ends_with(" -->");
      // The page on the architecture spells types of methods that are still to come.
      CHECK_MESSAGE((named || name(page) == "docs/architecture.md"),
                    where << ": no comment names the file of this snippet");
      if (!named) continue;
      fs::path const file = root() / above.substr(5, above.size() - 9);
      CHECK_MESSAGE(fs::is_regular_file(file), where << ": there is no " << name(file));
      auto const source = lines(contents(file));
      std::size_t at = 0;    // where the search in the source stands
      bool follows = false;  // whether the next line of the snippet must be the next of the source
      for (++i; i < text.size() && !text[i].starts_with("```"); ++i) {
        if (bare(text[i]) == "...") {
          follows = false;
          continue;
        }
        if (follows) {
          CHECK_MESSAGE((at < source.size() && bare(source[at]) == bare(text[i])),
                        name(page) << ", line " << i + 1 << ": not the next line of " << name(file) << ": "
                                   << text[i]);
        } else {
          while (at < source.size() && bare(source[at]) != bare(text[i])) ++at;
          CHECK_MESSAGE(at < source.size(),
                        name(page) << ", line " << i + 1 << ": not in " << name(file) << ": " << text[i]);
        }
        if (at < source.size()) ++at;
        follows = true;
      }
      ++snippets;
    }
  }
  CHECK(snippets >= 10);
}
