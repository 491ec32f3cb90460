// SPDX-License-Identifier: Apache-2.0
// Every network of the shelf starts as docs/methods/initialisation.md says: the moments of each parameter.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/decoder/burgess_conv.hpp>
#include <disentangle/decoder/higgins_mlp.hpp>
#include <disentangle/encoder/burgess_conv.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>
#include <disentangle/encoder/resnet.hpp>
#include <disentangle/encoder/small_conv.hpp>
#include <disentangle/method/annealed_vae.hpp>
#include <disentangle/method/bayes_factor_vae.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/method/did.hpp>
#include <disentangle/method/dip_vae.hpp>
#include <disentangle/method/factor_vae.hpp>
#include <disentangle/method/info_gan_cr.hpp>
#include <disentangle/method/info_vae.hpp>
#include <disentangle/method/ip_irm.hpp>
#include <disentangle/method/joint_vae.hpp>
#include <disentangle/method/parted_vae.hpp>
#include <disentangle/method/rf_vae.hpp>
#include <disentangle/method/sim_clr.hpp>
#include <disentangle/train/assembly.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace disentangle {
namespace {

/// What a parameter starts from: scale is half the interval, the standard deviation, or the constant.
struct Law {
  enum class Kind { uniform, normal, constant } kind;
  double scale;
};
Law uniform(double half_width) { return {Law::Kind::uniform, half_width}; }
Law normal(double deviation) { return {Law::Kind::normal, deviation}; }
Law constant(double value) { return {Law::Kind::constant, value}; }

/// The parameters of a method by name, "encoder.0.weight". The formulas are those of the authors' code and
/// not the library's.
using Start = std::map<std::string, Law>;

Start operator+(Start a, Start const& b) {
  a.insert(b.begin(), b.end());
  return a;
}

struct Layer {
  std::string name;
  double fan_in, fan_out;
  bool transposed = false, bias = true;
};
Layer dense(std::string name, double in, double out) { return {std::move(name), in, out}; }
Layer conv(std::string name, double in, double out, double side = 4, bool bias = true) {
  return {std::move(name), side * side * in, side * side * out, false, bias};
}
/// PyTorch's fan-in of a transposed convolution is that of its outputs.
Layer transposed(std::string name, double in, double out) {
  return {std::move(name), 16 * out, 16 * in, true};
}

template <class Weight, class Bias>
Start each(std::vector<Layer> const& layers, Weight weight, Bias bias) {
  Start start;
  for (Layer const& l : layers) {
    start.insert({l.name + ".weight", weight(l)});
    if (l.bias) start.insert({l.name + ".bias", bias(l)});
  }
  return start;
}
Law zero(Layer const&) { return constant(0); }
Law torch_law(Layer const& l) { return uniform(1 / std::sqrt(l.fan_in)); }

Start tensorflow(std::vector<Layer> const& layers) {
  return each(
      layers, [](Layer const& l) { return uniform(std::sqrt(6 / (l.fan_in + l.fan_out))); }, zero);
}
Start torch(std::vector<Layer> const& layers) { return each(layers, torch_law, torch_law); }
Start he(std::vector<Layer> const& layers) {
  return each(
      layers, [](Layer const& l) { return normal(std::sqrt(2 / l.fan_in)); }, zero);
}
/// seqam-lab/rfvae, model.py, normal_init: Linear and Conv2d, and no ConvTranspose2d.
Start rf_vae_start(std::vector<Layer> const& layers) {
  return each(
      layers, [](Layer const& l) { return l.transposed ? torch_law(l) : normal(0.02); },
      [](Layer const& l) { return l.transposed ? torch_law(l) : constant(0); });
}
/// YannDubs/disentangling-vae, disvae/utils/initialization.py: the weights alone.
Start disentangling_vae(std::vector<Layer> const& layers) {
  return each(
      layers, [](Layer const& l) { return uniform(std::sqrt(6 / l.fan_in)); }, torch_law);
}
/// torchvision/models/resnet.py: kaiming_normal_(mode='fan_out'), no biases.
Start torchvision(std::vector<Layer> const& layers) {
  return each(
      layers, [](Layer const& l) { return normal(std::sqrt(2 / l.fan_out)); }, zero);
}
Start batch_norm(std::vector<std::string> const& names) {
  Start start;
  for (auto const& name : names) {
    start.insert({name + ".gain", constant(1)});
    start.insert({name + ".bias", constant(0)});
  }
  return start;
}

// ---- networks, for images of 64 x 64 pixels -------------------------------------------------------------

std::vector<Layer> conv_encoder(std::string const& at, double hidden, double outputs, double channels = 1) {
  return {conv(at + ".0", channels, 32), conv(at + ".1", 32, 32),        conv(at + ".2", 32, 64),
          conv(at + ".3", 64, 64),       dense(at + ".5", 1024, hidden), dense(at + ".6", hidden, outputs)};
}
std::vector<Layer> conv_decoder(double latents, double hidden) {
  return {dense("decoder.0", latents, hidden), dense("decoder.1", hidden, 1024),
          transposed("decoder.3", 64, 64),     transposed("decoder.4", 64, 32),
          transposed("decoder.5", 32, 32),     transposed("decoder.6", 32, 1)};
}
Start discriminator(int hidden) {
  std::vector<Layer> layers;
  for (int i = 0; i < hidden; ++i)
    layers.push_back(dense("layer." + std::to_string(i), i == 0 ? 10 : 1000, 1000));
  layers.push_back(dense("layer." + std::to_string(hidden), 1000, 2));
  return rf_vae_start(layers);
}
Start locatello() { return tensorflow(conv_encoder("encoder", 256, 20)) + tensorflow(conv_decoder(10, 256)); }
Start kim_mnih(double hidden = 128) {
  return rf_vae_start(conv_encoder("encoder", hidden, 20)) + rf_vae_start(conv_decoder(10, hidden));
}
Start contrastive() {
  return tensorflow(conv_encoder("encoder", 256, 64)) +
         torch({dense("projection.0", 64, 512), dense("projection.3", 512, 128)}) +
         batch_norm({"projection.1"});
}
Start generative() {
  return he(conv_encoder("encoder", 128, 10)) + he(conv_encoder("layer", 128, 1)) +
         he({dense("decoder.0", 10, 128), dense("decoder.2", 128, 1024), transposed("decoder.5", 64, 64),
             transposed("decoder.7", 64, 32), transposed("decoder.9", 32, 32),
             transposed("decoder.11", 32, 1)}) +
         batch_norm({"decoder.1", "decoder.3", "decoder.6", "decoder.8", "decoder.10"});
}

/// ResNet-18 of width 8 after its stem: torchvision's convolutions, which have no bias.
Start resnet_18_stages() {
  std::vector<Layer> convs;
  std::vector<std::string> norms;
  double in = 8;
  for (int stage = 0; stage < 4; ++stage) {
    double const out = 8 * (1 << stage);
    for (int block = 0; block < 2; ++block) {
      std::string const at = "encoder." + std::to_string(stage + 1) + "." + std::to_string(block);
      convs.push_back(conv(at + ".body.0", in, out, 3, false));
      convs.push_back(conv(at + ".body.3", out, out, 3, false));
      norms.insert(norms.end(), {at + ".body.1", at + ".body.4"});
      if (in != out) {
        convs.push_back(conv(at + ".shortcut.0", in, out, 1, false));
        norms.push_back(at + ".shortcut.1");
      }
      in = out;
    }
  }
  return torchvision(convs) + batch_norm(norms);
}

/// The residual networks for Teapots at width 4, as seqam-lab/bfvae has them: kaiming_init of the blocks' 3 x
/// 3 convolutions, PyTorch's start of everything else.
Start teapots() {
  std::vector<Layer> in_blocks, others{conv("encoder.0", 1, 4, 3), dense("encoder.6", 32 * 16, 20),
                                       dense("decoder.0", 10, 32 * 16), conv("decoder.10", 4, 1, 3)};
  std::vector<std::string> norms{"decoder.1", "decoder.8"};
  std::vector<double> const down{4, 8, 16, 32, 32}, up{32, 32, 16, 8, 4};
  for (std::size_t i = 0; i < 4; ++i) {
    std::string at = "encoder." + std::to_string(i + 1);
    in_blocks.push_back(conv(at + ".body.2", down[i], down[i], 3, false));
    in_blocks.push_back(conv(at + ".body.5", down[i], down[i + 1], 3));
    others.push_back(conv(at + ".shortcut.1", down[i], down[i + 1], 1));
    norms.insert(norms.end(), {at + ".body.0", at + ".body.3"});

    at = "decoder." + std::to_string(i + 4);
    int const before = i == 0 ? 0 : 2;  // all but the first begin with BatchNorm and ReLU
    auto const layer = [&](int place) { return at + ".body." + std::to_string(before + place); };
    in_blocks.push_back(conv(layer(1), up[i], up[i + 1], 3, false));
    in_blocks.push_back(conv(layer(4), up[i + 1], up[i + 1], 3));
    others.push_back(conv(at + ".shortcut.1", up[i], up[i + 1], 1));
    norms.push_back(layer(2));
    if (before > 0) norms.push_back(at + ".body.0");
  }
  return he(in_blocks) + torch(others) + batch_norm(norms);
}

// ---- the check ------------------------------------------------------------------------------------------

void check(float const* p, std::size_t size, Law const& law) {
  double mean = 0, square = 0, largest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    double const x = static_cast<double>(p[i]);
    mean += x;
    square += x * x;
    largest = std::max(largest, std::abs(x));
  }
  auto const n = static_cast<double>(size);
  mean /= n;
  if (law.kind == Law::Kind::constant) {
    CHECK(std::all_of(p, p + size, [&](float x) { return static_cast<double>(x) == law.scale; }));
    return;
  }
  bool const is_uniform = law.kind == Law::Kind::uniform;
  double const deviation = is_uniform ? law.scale / std::sqrt(3.0) : law.scale;
  CHECK(std::abs(mean) < 5 * deviation / std::sqrt(n));
  CHECK(largest > 0);
  CHECK(largest <= (is_uniform ? 1.00001 : 6) * law.scale);
  if (size < 30) return;
  // the standard error of a deviation is deviation / sqrt(2 n) for normal numbers and less for uniform ones
  CHECK(std::sqrt(square / n) == doctest::Approx(deviation).epsilon(5 / std::sqrt(2 * n)));
  if (is_uniform) CHECK(largest > (1 - 15 / n) * law.scale);
  if (!is_uniform && size > 500) CHECK(largest > 2.2 * deviation);  // a uniform law ends at 1.73
}

/// Every parameter of a method, those of its discriminator or critic included, is in `start`, and follows it.
template <class Image = ImageShape<64, 64, 1>, class M>
void check_start(char const* name, M const& method, Start const& start) {
  Assembly<M, backend::Cpu, Image> const assembly{method, backend::Cpu{1}, seed(1)};
  std::size_t found = 0;
  auto const each_block = [&](auto const& parameters) {
    for (auto const& block : parameters.blocks()) {
      INFO(std::string(name) << ", " << block.name);
      auto const law = start.find(block.name);
      REQUIRE(law != start.end());
      check(*block.value, block.size, law->second);
      ++found;
    }
  };
  each_block(assembly.main);
  for (auto const& set : assembly.own) {
    if (set->parameters.size() != 0) each_block(set->parameters);
  }
  INFO(std::string(name));
  CHECK(found == start.size());
}

namespace m = method;

TEST_CASE("methods with the network of the comparison study start as TensorFlow's layers do") {
  check_start("Vae", m::Vae{}, locatello());
  check_start("BetaVae", m::BetaVae{}, locatello());
  check_start("AnnealedVae", m::AnnealedVae{}, locatello());
  check_start("BetaTcVae", m::BetaTcVae{}, locatello());
  check_start("DipVaeI", m::DipVaeI{}, locatello());
  check_start("DipVaeII", m::DipVaeII{}, locatello());
  check_start("InfoVae", m::InfoVae{}, locatello());
}

TEST_CASE("RF-VAE and its kin start as their authors' code does, transposed convolutions as PyTorch's") {
  check_start("FactorVae", m::FactorVae{}, kim_mnih() + discriminator(6));
  check_start("RfVae0", m::RfVae0{}, kim_mnih() + discriminator(5));
  Start const relevance{{"relevance", normal(0.001)}};
  check_start("RfVae", m::RfVae{}, kim_mnih() + discriminator(5) + relevance);
  check_start("RfVae256", m::RfVae256<>{}, kim_mnih(256) + discriminator(5) + relevance);
}

TEST_CASE("Bayes-Factor-VAE starts as RF-VAE, its priors as its authors' code has them") {
  Start const base = kim_mnih() + discriminator(5);
  check_start("BayesFactorVae0", m::BayesFactorVae0{}, base + Start{{"prior_log_deviation", normal(0.01)}});
  Start const precisions{{"precision_log_shape", normal(0.01)}, {"precision_log_rate", normal(0.01)}};
  check_start("BayesFactorVae1", m::BayesFactorVae1{},
              base + precisions + Start{{"precision_prior", normal(0.01)}});
  check_start("BayesFactorVae2", m::BayesFactorVae2{},
              base + precisions + Start{{"relevance", normal(0.001)}});
}

TEST_CASE("the residual network for Teapots: He's start in the blocks, PyTorch's elsewhere") {
  using Small = With<m::Vae, Encoder<encoder::TeapotsResNet<10, 4>>, Decoder<decoder::TeapotsResNet<4>>>;
  check_start("TeapotsResNet", Small{}, teapots());
}

TEST_CASE("JointVAE and PartedVAE start as PyTorch's layers do, each as those of its authors' version") {
  // PyTorch 0.3.1: the fan-in of a transposed convolution is that of its inputs
  auto decoder = conv_decoder(20, 256);
  for (Layer& layer : decoder) {
    if (layer.transposed) layer.fan_in = layer.fan_out;
  }
  check_start("JointVae", m::JointVae{}, torch(conv_encoder("encoder", 256, 30)) + torch(decoder));
  // two class variables, of 3 and 5 values: the authors' masked layers have the fan-in of both together
  check_start(
      "PartedVae", m::PartedVaeOf<prior::PartedCode<4, 2, 3, 5>>{},
      torch({conv("encoder.trunk.0", 1, 32), conv("encoder.trunk.1", 32, 32), conv("encoder.trunk.2", 32, 64),
             conv("encoder.trunk.3", 64, 64), dense("encoder.trunk.5", 1024, 256),
             dense("encoder.z_head.0", 256, 8), dense("encoder.class_head.0", 256, 8),
             dense("encoder.attention.0", 8, 512), dense("encoder.attention.1", 8, 512),
             dense("encoder.u_head.0", 512, 8), dense("encoder.u_head.1", 512, 8)}) +
          torch(conv_decoder(8, 256)) + Start{{"prior.mean", normal(1)}, {"prior.rho", normal(1)}});
}

TEST_CASE("generative methods start as He's law says; their networks are a reconstruction") {
  check_start("WganGp", m::WganGp{}, generative());
  check_start("Did", m::Did{}, generative() + he(conv_encoder("difference", 128, 10, 2)));
  check_start("InfoGanCr", m::InfoGanCr{}, generative() + he(conv_encoder("kept_factor", 128, 10, 2)));
}

TEST_CASE("contrastive methods: the small encoder as TensorFlow's, the head as PyTorch's layers") {
  check_start("SimClr", m::SimClr{}, contrastive());
  check_start("Dcl", m::Dcl{}, contrastive());
  check_start("Hcl", m::Hcl{}, contrastive());
  check_start("IpIrm", m::IpIrm{}, contrastive());
}

TEST_CASE("ResNet: torchvision's start, its new stem for small images PyTorch's") {
  using SmallImages = With<m::Vae, Encoder<encoder::ResNet18<encoder::stem::Cifar, 8, 10>>>;
  Start const rest = resnet_18_stages() + torch({dense("encoder.6", 64, 20)}) + batch_norm({"encoder.0.1"}) +
                     tensorflow(conv_decoder(10, 256));
  check_start("ResNet18, Cifar", SmallImages{}, rest + torch({conv("encoder.0.0", 1, 8, 3, false)}));
  using LargeImages = With<m::Vae, Encoder<encoder::ResNet18<encoder::stem::ImageNet, 8, 10>>>;
  check_start("ResNet18, ImageNet", LargeImages{}, rest + torchvision({conv("encoder.0.0", 1, 8, 7, false)}));
}

TEST_CASE("networks that no method has by default") {
  using Burgess = With<m::Vae, Encoder<encoder::BurgessConv<>>, Decoder<decoder::BurgessConv>>;
  std::vector<Layer> const burgess{
      conv("encoder.0", 1, 32),        conv("encoder.1", 32, 32),       conv("encoder.2", 32, 32),
      conv("encoder.3", 32, 32),       dense("encoder.5", 512, 256),    dense("encoder.6", 256, 256),
      dense("encoder.7", 256, 20),     dense("decoder.0", 10, 256),     dense("decoder.1", 256, 256),
      dense("decoder.2", 256, 512),    transposed("decoder.4", 32, 32), transposed("decoder.5", 32, 32),
      transposed("decoder.6", 32, 32), transposed("decoder.7", 32, 1)};
  check_start("BurgessConv", Burgess{}, disentangling_vae(burgess));

  using Higgins = With<m::Vae, Encoder<encoder::HigginsMlp<>>, Decoder<decoder::HigginsMlp>>;
  check_start<ImageShape<16, 16, 1>>(
      "HigginsMlp", Higgins{},
      tensorflow({dense("encoder.1", 256, 1200), dense("encoder.2", 1200, 1200), dense("encoder.3", 1200, 20),
                  dense("decoder.0", 10, 1200), dense("decoder.1", 1200, 1200),
                  dense("decoder.2", 1200, 1200), dense("decoder.3", 1200, 256)}));
}

TEST_CASE("two methods that share a network may start it differently") {
  m::FactorVae factor_vae;
  factor_vae.get<decoder::KimMnihConv>().initialisation = nn::Initialisation::torch_default;
  check_start("FactorVae, another start", factor_vae,
              rf_vae_start(conv_encoder("encoder", 128, 20)) + torch(conv_decoder(10, 128)) +
                  discriminator(6));
}

}  // namespace
}  // namespace disentangle
