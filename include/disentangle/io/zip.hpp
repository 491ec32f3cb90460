// SPDX-License-Identifier: Apache-2.0
// Zip archives (PKWARE APPNOTE 6.3) as far as .npz files use them: stored and deflated members, zip64,
// CRC-32.
#pragma once

#include <disentangle/io/zip_reader.hpp>
#include <disentangle/io/zip_writer.hpp>
