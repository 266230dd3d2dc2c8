#include "src/aws/hash_key.hpp"

#include <algorithm>

#include "src/aws/digest.hpp"

namespace expplat::aws {

std::optional<HashKey> hash_key(std::string_view partition_key) noexcept { return md5(partition_key); }

std::string decimal(const HashKey& key) {
    // Long division by ten, byte by byte, until nothing is left.
    HashKey rest = key;
    std::string digits;
    do {
        unsigned remainder = 0;
        for (unsigned char& byte : rest) {
            const unsigned part = remainder << 8 | byte;
            byte = static_cast<unsigned char>(part / 10);
            remainder = part % 10;
        }
        digits += static_cast<char>('0' + remainder);
    } while (std::any_of(rest.begin(), rest.end(), [](unsigned char byte) { return byte != 0; }));
    std::reverse(digits.begin(), digits.end());
    return digits;
}

}  // namespace expplat::aws
