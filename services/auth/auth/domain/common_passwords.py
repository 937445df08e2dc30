"""Lists the most common passwords of eight characters or more, lower case.

It stops the first guesses of any attacker; a corpus of breached passwords would be the next step.
"""

from typing import Final

_WORDS: Final = """
password passw0rd p@ssword p@ssw0rd pa$$word pa$$w0rd passpass password! password1 password2
password12 password123 password1234 password12345 password! password1! password123! mypassword
thepassword newpassword changeme changeme1 changeme123 changeit letmein1 letmein123 letmeinnow
welcome1 welcome12 welcome123 welcome1! welcome123! iloveyou iloveyou1 iloveyou2 iloveyou123
iloveyousomuch loveyou123 ihateyou trustno1 whatever whatever1 superman superman1 superman123
spiderman spiderman1 batman123 starwars starwars1 pokemon1 pokemon123 football football1
football123 baseball baseball1 basketball liverpool liverpool1 chelsea1 arsenal1 barcelona
barcelona1 realmadrid juventus manchester dortmund spartak1 zenit123 dynamo123 princess princess1
princess123 sunshine sunshine1 sunshine123 butterfly chocolate computer computer1 internet
internet1 michelle jennifer jessica1 michael1 charlie1 jordan23 anthony1 daniel123 alexander
alexander1 nicholas victoria elizabeth samantha benjamin christian veronica katerina anastasia
aleksandr vladimir tatyana1 natasha1 dragon123 monkey123 shadow123 master123 killer123 hunter123
hunter22 ninja123 freedom1 forever1 friends1 blink182 slipknot metallica nirvana1 eminem123
google123 facebook facebook1 linkedin yahoo123 microsoft windows10 samsung1 samsung123 iphone123
android1 ferrari1 mercedes corvette mustang1 yamaha123 porsche1 hello123 hello1234 hellohello
helloworld goodbye1 testtest test1234 test12345 test123456 testing1 testing123 tester123 demo1234
guest123 user1234 username login123 login1234 logmein1 admin123 admin1234 admin12345 admin@123
administrator adminadmin root1234 rootroot toor1234 secret123 secret12 supersecret secretsecret
default1 qwertyui qwertyuio qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456
qwerty!@# qwerty1! qwertyqwerty qwe12345 qwe123456 qweasd123 qweasdzxc qweqweqwe qazwsxedc
qazwsx123 qaz12345 asdfghjk asdfghjkl asdfasdf asdasdasd asdf1234 asd12345 asd123456 zxcvbnm1
zxcvbnm123 zxcvzxcv zxczxczxc zaq12wsx zaq1zaq1 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx
1qaz2wsx3edc 1qazxsw2 q1w2e3r4 q1w2e3r4t5 a1b2c3d4 a1s2d3f4 abc12345 abc123456 abcd1234 abcd12345
abcdefgh abcdefghi abcdef123 aa123456 aa12345678 a1234567 a12345678 a123456789 123456aa 123456abc
1234abcd 12345abc 123abc123 123qweasd 123qwe123 123qwe456 qwe123qwe 12qwaszx 1234qwer qwer1234
qwerasdf qwerasdfzxcv poiuytrewq lkjhgfdsa mnbvcxz1 12345678 123456789 1234567890 12345678910
0123456789 01234567 012345678 87654321 987654321 9876543210 0987654321 11111111 111111111
1111111111 22222222 33333333 44444444 55555555 66666666 77777777 88888888 99999999 00000000
000000000 0000000000 11112222 11223344 1122334455 12121212 12312312 123123123 1231231234 12341234
123412345 1234512345 123454321 123456654321 1234554321 12344321 147258369 159753159 147852369
789456123 741852963 963852741 951753852 112233445566 123321123 123321321 13131313 14141414
19841984 19851985 19861986 19871987 19881988 19891989 19901990 20002000 20102010 20202020 20252025
aaaaaaaa aaaaaaaaa aaaaaaaaaa abababab abcabcabc blahblah lovelove lovelovelove money123 moneymoney
summer2023 summer2024 summer2025 summer123 winter2023 winter2024 winter2025 winter123 spring2024
spring2025 autumn2024 autumn2025 january1 february september november december monday123 friday13
pass1234 pass12345 pass123456 passport parola123 contrasena motdepasse passwort passwort1
hallo123 azerty123 azertyuiop bonjour1 soleil123 doudou123 marseille nicolas1 chouchou
пароль12 пароль123 пароль1234 парольпароль мойпароль йцукенгш йцукенгшщз йцукенгшщзх йцукен12
йцукен123 йцукен1234 фывапролд фывапролдж фывафыва ячсмитьбю любовь123 наташа123 максим123
привет12 привет123 приветпривет россия123 москва123 спартак1 солнышко зайчонок
parolparol parol123 parol1234 privet123 lubov123 russia123 moscow123 solnishko maksim123
natasha123 marina123 svetlana qwertyйцукен ghbdtn123 gfhjkm123 gfhjkmgfhjkm
"""

COMMON_PASSWORDS: Final = frozenset(_WORDS.split())
