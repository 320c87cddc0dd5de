// The recurrent part of a GRU over time and its gradient, on the CPU in single precision.
//
// The steps of a small recurrence cost less than what PyTorch spends on calling the operators of each: here every step is
// one matrix product and one loop over the gates, and all that does not wait for the step before (the products with the
// inputs, the gradients of the weights) is left to the caller, who does it at once for all frames.
//
// Gates as in torch.nn.GRU: r, z = sigmoid(x + U h + b); n = tanh(x + r (U h + b)); h' = n + z (h - n).

#include <torch/extension.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

// Compiled with fast division, 1 / inf is not 0 but NaN; exp(80) is still finite.
float logistic(float x) { return 1.0f / (1.0f + std::exp(std::min(-x, 80.0f))); }

// inputs [T, R, 3H] (products with the inputs, with their bias), h [R, H], U transposed [H, 3H], bias [3H] to
// outputs [T, R, H] and what the gradient needs [T, R, 4H]: r, z, n, U h + b of the candidate.
std::vector<at::Tensor> forward(const at::Tensor& inputs, const at::Tensor& h, const at::Tensor& U, const at::Tensor& bias) {
    const int64_t T = inputs.size(0), R = inputs.size(1), H = h.size(1);
    auto outputs = at::empty({T, R, H}, h.options());
    auto kept = at::empty({T, R, 4 * H}, h.options());
    auto product = at::empty({R, 3 * H}, h.options());
    const float* b = bias.data_ptr<float>();
    at::Tensor before = h;
    for (int64_t t = 0; t < T; ++t) {
        at::mm_out(product, before, U);
        at::Tensor now = outputs[t];
        for (int64_t row = 0; row < R; ++row) {
            const float* x = inputs.data_ptr<float>() + (t * R + row) * 3 * H;
            const float* u = product.data_ptr<float>() + row * 3 * H;
            const float* old = before.data_ptr<float>() + row * H;
            float* k = kept.data_ptr<float>() + (t * R + row) * 4 * H;
            float* y = now.data_ptr<float>() + row * H;
#pragma GCC ivdep
            for (int64_t i = 0; i < H; ++i) {
                const float r = logistic(x[i] + u[i] + b[i]);
                const float z = logistic(x[H + i] + u[H + i] + b[H + i]);
                const float c = u[2 * H + i] + b[2 * H + i];
                const float n = 2.0f * logistic(2.0f * (x[2 * H + i] + r * c)) - 1.0f;  // tanh
                k[i] = r, k[H + i] = z, k[2 * H + i] = n, k[3 * H + i] = c;
                y[i] = n + z * (old[i] - n);
            }
        }
        before = now;
    }
    return {outputs, kept};
}

// Gradients of the outputs [T, R, H] and of the last state [R, H] to those of the inputs [T, R, 3H], of U h + b [T, R, 3H]
// and of the first state [R, H]; W is [3H, H].
std::vector<at::Tensor> backward(const at::Tensor& outer, const at::Tensor& last, const at::Tensor& kept,
                                 const at::Tensor& outputs, const at::Tensor& h, const at::Tensor& W) {
    const int64_t T = outer.size(0), R = outer.size(1), H = outer.size(2);
    auto inputs = at::empty({T, R, 3 * H}, outer.options());
    auto products = at::empty({T, R, 3 * H}, outer.options());
    auto gradient = last.clone();
    auto through = at::empty({R, H}, outer.options());
    for (int64_t t = T - 1; t >= 0; --t) {
        const at::Tensor before = t ? outputs[t - 1] : h;
        at::Tensor product = products[t];
        for (int64_t row = 0; row < R; ++row) {
            const float* o = outer.data_ptr<float>() + (t * R + row) * H;
            const float* k = kept.data_ptr<float>() + (t * R + row) * 4 * H;
            const float* old = before.data_ptr<float>() + row * H;
            float* g = gradient.data_ptr<float>() + row * H;
            float* x = inputs.data_ptr<float>() + (t * R + row) * 3 * H;
            float* u = product.data_ptr<float>() + row * 3 * H;
#pragma GCC ivdep
            for (int64_t i = 0; i < H; ++i) {
                const float r = k[i], z = k[H + i], n = k[2 * H + i], c = k[3 * H + i];
                const float d = g[i] + o[i];
                const float dn = d * (1.0f - z) * (1.0f - n * n);
                const float dz = d * (old[i] - n) * z * (1.0f - z);
                const float dr = dn * c * r * (1.0f - r);
                x[i] = dr, x[H + i] = dz, x[2 * H + i] = dn;
                u[i] = dr, u[H + i] = dz, u[2 * H + i] = dn * r;
                g[i] = d * z;
            }
        }
        at::mm_out(through, product, W);
        gradient.add_(through);
    }
    return {inputs, products, gradient};
}

}  // namespace

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
    m.def("forward", &forward);
    m.def("backward", &backward);
}
