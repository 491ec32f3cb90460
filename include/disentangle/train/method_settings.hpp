// SPDX-License-Identifier: Apache-2.0
// What a checkpoint knows of its method, read from the text of describe(): the structure (roles and policies'
// types), which must be equal to go on, and the hyper-parameters, which may be changed by who says so.
#pragma once

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>

namespace disentangle {

/// A hyper-parameter that was changed between two runs of one model.
struct SettingChange {
  long step = 0;       ///< training steps made before
  std::string name{};  ///< "TotalCorrelation.beta", as set() takes it
  std::string before{}, after{};

  friend bool operator==(SettingChange const&, SettingChange const&) = default;
};

namespace detail {

/// One slot of a method: "Regularizer: WeightedKl", its members by name.
struct SlotSettings {
  std::string slot;
  std::vector<std::pair<std::string, std::string>> members;

  std::string const* value(std::string_view name) const {
    for (auto const& [member, text] : members) {
      if (member == name) return &text;
    }
    return nullptr;
  }
  std::string role() const { return slot.substr(0, slot.find(": ")); }
  std::string policy() const {
    std::string const name = slot.substr(slot.find(": ") + 2);
    return name.substr(0, name.find('<'));
  }
};
using MethodSettings = std::vector<SlotSettings>;

/// Whether text from `at` on begins "name = ", which begins a further member.
inline bool begins_member(std::string_view text, std::size_t at) {
  std::size_t end = at;
  auto const is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  while (end < text.size() && is_word(text[end])) ++end;
  return end > at && text.substr(end, 3) == " = ";
}

/// Of the text of describe(): a line "Role: Policy {member = value, ...}" per slot.
inline MethodSettings method_settings(std::string const& described) {
  MethodSettings settings;
  std::istringstream lines(described);
  for (std::string line; std::getline(lines, line);) {
    std::size_t const open = std::min(line.find(" {"), line.size());
    SlotSettings slot{line.substr(0, open), {}};
    std::string_view text = line;
    text.remove_prefix(std::min(open + 2, text.size()));
    if (text.ends_with('}')) text.remove_suffix(1);
    while (!text.empty()) {
      std::size_t end = text.find(", ");
      while (end != text.npos && !begins_member(text, end + 2)) end = text.find(", ", end + 2);
      std::string_view const member = text.substr(0, end);
      std::size_t const equals = std::min(member.find(" = "), member.size());
      slot.members.emplace_back(member.substr(0, equals), member.substr(std::min(equals + 3, member.size())));
      text.remove_prefix(end == text.npos ? text.size() : end + 2);
    }
    settings.push_back(std::move(slot));
  }
  return settings;
}

/// The text of describe() again.
inline std::string described(MethodSettings const& settings) {
  std::string text;
  for (SlotSettings const& slot : settings) {
    text += slot.slot + " {";
    for (std::size_t i = 0; i < slot.members.size(); ++i)
      text += (i == 0 ? "" : ", ") + slot.members[i].first + " = " + slot.members[i].second;
    text += "}\n";
  }
  return text;
}

/// Text without tabs and line breaks, which part the entries of the metadata below; and the way back.
inline std::string escaped(std::string_view text) {
  std::string result;
  for (char const c : text) {
    if (c == '\\') {
      result += "\\\\";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '\n') {
      result += "\\n";
    } else {
      result += c;
    }
  }
  return result;
}
inline std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
    } else {
      char const c = text[++i];
      result += c == 't' ? '\t' : c == 'n' ? '\n' : c;
    }
  }
  return result;
}

/// The parts of text between separators; none of no text.
inline std::vector<std::string> split_text(std::string const& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

/// As metadata: the slots, one a line; and for each of them a line of its members, "beta=4", tabs between.
inline std::string structure_text(MethodSettings const& settings) {
  std::string text;
  for (SlotSettings const& slot : settings) text += slot.slot + "\n";
  return text;
}
inline std::string hyper_parameters_text(MethodSettings const& settings) {
  std::string text;
  for (SlotSettings const& slot : settings) {
    for (std::size_t i = 0; i < slot.members.size(); ++i)
      text += (i == 0 ? "" : "\t") + slot.members[i].first + "=" + escaped(slot.members[i].second);
    text += "\n";
  }
  return text;
}

/// The way back. `file` stands in the messages of errors.
inline MethodSettings method_settings(std::string const& structure, std::string const& hyper_parameters,
                                      std::string const& file) {
  MethodSettings settings;
  for (std::string const& line : split_text(structure, '\n')) settings.push_back({line, {}});
  std::vector<std::string> const lines = split_text(hyper_parameters, '\n');
  if (lines.size() != settings.size()) {
    throw FileError(file, "metadata 'hyper_parameters': found " + std::to_string(lines.size()) +
                              " lines, expected one for each of " + std::to_string(settings.size()) +
                              " policies");
  }
  for (std::size_t i = 0; i < settings.size(); ++i) {
    for (std::string const& member : split_text(lines[i], '\t')) {
      std::size_t const equals = std::min(member.find('='), member.size());
      settings[i].members.emplace_back(member.substr(0, equals),
                                       unescaped(member.substr(std::min(equals + 1, member.size()))));
    }
  }
  return settings;
}

/// Of each slot of `wanted` the index of its partner in `found`: the same role and policy, twins in their
/// order; found.size() where there is none. Slots may stand in another order.
inline std::vector<std::size_t> partners(MethodSettings const& found, MethodSettings const& wanted) {
  std::vector<bool> taken(found.size());
  std::vector<std::size_t> result;
  for (SlotSettings const& slot : wanted) {
    std::size_t i = 0;
    while (i < found.size() && (taken[i] || found[i].slot != slot.slot)) ++i;
    if (i < found.size()) taken[i] = true;
    result.push_back(i);
  }
  return result;
}

/// The slots that `some` have and `others` lack, as text.
inline std::string slots_only_in(MethodSettings const& some, MethodSettings const& others) {
  std::string text;
  std::vector<std::size_t> const partner = partners(others, some);
  for (std::size_t i = 0; i < some.size(); ++i) {
    if (partner[i] == others.size()) text += (text.empty() ? "'" : ", '") + some[i].slot + "'";
  }
  return text;
}

/// Throws where the two have not the same policies in the same roles, naming what only one of them has.
inline void expect_same_structure(std::string const& file, MethodSettings const& found,
                                  MethodSettings const& expected) {
  std::string const has = slots_only_in(found, expected), wants = slots_only_in(expected, found);
  if (has.empty() && wants.empty()) return;
  throw FileError(file, "the checkpoint is of another method: found " +
                            (has.empty() ? "no further policy" : has) + ", expected " +
                            (wants.empty() ? "no further policy" : wants) +
                            "; load_weights() takes the parameters alone, from any method");
}

/// How set() takes a policy of a method: "WeightedKl", "Encoder.LocatelloConv" where another role has one of
/// that name, "Regularizer[1].WeightedKl" where the same role has.
inline std::string address_of(MethodSettings const& settings, std::size_t i) {
  bool named_twice = false, role_twice = false;
  std::size_t number = 0;
  for (std::size_t k = 0; k < settings.size(); ++k) {
    bool const role = settings[k].role() == settings[i].role();
    if (role && k < i) ++number;
    if (k == i || settings[k].policy() != settings[i].policy()) continue;
    named_twice = true;
    role_twice = role_twice || role;
  }
  if (!named_twice) return settings[i].policy();
  return settings[i].role() + (role_twice ? "[" + std::to_string(number) + "]" : "") + "." +
         settings[i].policy();
}

/// What differs between two methods of one structure. A member that the file lacks had its default then:
/// `defaults` are those of the policies' types, empty where there are none to be had.
inline std::vector<SettingChange> setting_changes(MethodSettings const& found, MethodSettings const& now,
                                                  MethodSettings const& defaults, long step) {
  std::vector<SettingChange> changes;
  std::vector<std::size_t> const partner = partners(found, now), standard = partners(defaults, now);
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (partner[i] == found.size()) continue;
    SlotSettings const& then = found[partner[i]];
    std::string const policy = address_of(now, i);
    for (auto const& [name, value] : now[i].members) {
      std::string const* before = then.value(name);
      if (before == nullptr && standard[i] < defaults.size()) before = defaults[standard[i]].value(name);
      if (before != nullptr && *before != value)
        changes.push_back({step, policy + "." + name, *before, value});
    }
    for (auto const& [name, value] : then.members) {
      if (now[i].value(name) == nullptr)
        changes.push_back({step, policy + "." + name, value, "no such member"});
    }
  }
  return changes;
}

/// "WeightedKl.beta: 4 in the file, 5 now; ..."
inline std::string changes_text(std::vector<SettingChange> const& changes) {
  std::string text;
  for (SettingChange const& change : changes) {
    text += (text.empty() ? "" : "; ") + change.name + ": " + change.before + " in the file, " +
            change.after + " now";
  }
  return text;
}

/// The changes of a model's life as metadata: a line for each, step, name, before, after, tabs between.
inline std::string history_text(std::vector<SettingChange> const& changes) {
  std::string text;
  for (SettingChange const& change : changes) {
    text += std::to_string(change.step) + "\t" + escaped(change.name) + "\t" + escaped(change.before) + "\t" +
            escaped(change.after) + "\n";
  }
  return text;
}

}  // namespace detail

}  // namespace disentangle
