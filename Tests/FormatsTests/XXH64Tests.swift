import Testing

import Formats

/// Against the values that the xxHash project's own library (0.8.1) gives for the bytes i·7+3 mod 256.
@Test(
  arguments: [
    (0, 0xEF46_DB37_51D8_E999), (1, 0x1F25_C8D0_BC1F_4BB6), (3, 0x31D2_363F_52E5_64C9), (4, 0x9BB6_4B7D_66EE_9FDA),
    (7, 0x9A7B_1499_59CE_60D8), (8, 0xDAB9_9D95_C6F9_0092), (11, 0x7A52_CC94_57CF_1A1F), (14, 0xC7F1_D4D0_ACFA_5A14),
    (31, 0xA2AA_5F33_CC4A_6119), (32, 0x23C3_C17E_F790_FD97), (33, 0x50A7_CFC7_BA58_8784), (63, 0x5E3E_54B4_31C7_493C),
    (64, 0x0EB6_4B3E_F6EE_B01F), (100, 0xA61F_8D4C_170F_E531), (222, 0x8488_AA61_FC67_F7EB), (1000, 0x5F23_5FA0_33F1_A3FB),
  ] as [(Int, UInt64)])
func xxh64MatchesTheReference(count: Int, expected: UInt64) {
  let bytes = (0..<count).map { UInt8(($0 * 7 + 3) & 255) }
  #expect(bytes.withUnsafeBytes { XXH64.hash($0) } == expected)
  // Unaligned bytes give the same hash.
  let shifted = [0] + bytes
  #expect(shifted.withUnsafeBytes { XXH64.hash(UnsafeRawBufferPointer(rebasing: $0[1...])) } == expected)
}
