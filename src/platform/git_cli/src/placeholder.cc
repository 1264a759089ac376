// Keeps the target linkable until its first source file.
namespace sb {}
