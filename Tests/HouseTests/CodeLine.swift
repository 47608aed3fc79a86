/// A line of Swift without its comment and without what its string literals say, so that rules look at code only.
///
/// Line by line: the inside of a multi-line string or of a block comment counts as code, which the sources avoid.
func code(_ line: Substring) -> String {
  var result = ""
  var insideString = false
  var previous: Character = " "
  for character in line {
    if insideString {
      if character == "\"", previous != "\\" {
        insideString = false
        result.append(character)
      }
      previous = previous == "\\" && character == "\\" ? " " : character
      continue
    }
    if character == "/", previous == "/" {
      result.removeLast()
      break
    }
    insideString = character == "\""
    result.append(character)
    previous = character
  }
  return result
}
